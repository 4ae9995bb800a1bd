import type { LogFields, LogSubject } from '../../plugin-api/index.ts';

/** What a line about a failed call of somebody says it was about. */
export function fieldsOf(subject: LogSubject | undefined): LogFields {
  try {
    return subject?.logFields?.() ?? {};
  } catch {
    // It failed before, and is only asked what it was doing.
    return {};
  }
}
