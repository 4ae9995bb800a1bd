import type { Config } from '../config/config.generated.ts';

/** What an edit changed, in a few words for a log line. */
export function describeChange(before: Config | undefined, after: Config): string {
  if (before === undefined) return 'first config';
  const changes = [
    ...namedChanges('listener', before.listeners, after.listeners),
    ...namedChanges('upstream', before.upstreams, after.upstreams),
    ...(['admin', 'metrics', 'logging', 'tracing', 'plugins', 'reload', 'shutdown'] as const).filter(
      (section) => JSON.stringify(before[section]) !== JSON.stringify(after[section]),
    ),
  ];
  return changes.length === 0 ? 'nothing' : changes.join(', ');
}

function namedChanges(
  what: string,
  before: readonly { readonly name: string }[],
  after: readonly { readonly name: string }[],
): string[] {
  const old = new Map(before.map((item) => [item.name, JSON.stringify(item)]));
  const changes: string[] = [];
  for (const item of after) {
    const was = old.get(item.name);
    old.delete(item.name);
    if (was === undefined) changes.push(`${what} ${item.name} added`);
    else if (was !== JSON.stringify(item)) changes.push(`${what} ${item.name} changed`);
  }
  for (const name of old.keys()) changes.push(`${what} ${name} removed`);
  return changes;
}
