import type { FileLogging } from '../schema/config-file.generated.ts';
import type { NormalizeContext } from './normalize-context.ts';

/** Turns `access_log: true` or `false` into a section that has `enabled` alone. */
export function normalizeLogging(logging: FileLogging, { provenance }: NormalizeContext): object {
  const { access_log: accessLog } = logging;
  if (typeof accessLog !== 'boolean') return logging;
  provenance.set(['logging', 'access_log', 'enabled'], ['logging', 'access_log']);
  return { ...logging, access_log: { enabled: accessLog } };
}
