import type { Config, Sticky, Upstream } from '../../config/schema/config.generated.ts';
import type { Ref } from '../../net/resources/ref-counted-map.ts';
import { sessionMemory, type SessionTable } from '../../upstream/stickiness/session-table.ts';
import type { Registry } from './registry.ts';

/** A reference to what remembers where the clients of an upstream belong; undefined where nothing does. */
export function sessionTableOf(upstream: Upstream, registry: Registry): Ref<SessionTable> | undefined {
  const key = sessionTableKey(upstream);
  return key === undefined ? undefined : registry.sessionTable(key, sizeOf(upstream));
}

/** The key of the table that remembers where the clients of an upstream belong; undefined where there is none. */
function sessionTableKey({ name, sticky }: Pick<Upstream, 'name' | 'sticky'>): string | undefined {
  if (!hasTable(sticky)) return undefined;
  const { type, name: field = '', ipv4_prefix: v4, ipv6_prefix: v6, size } = sticky;
  return JSON.stringify(
    type === 'header' ? [name, type, field.toLowerCase(), size] : [name, type, v4, v6, size],
  );
}

/** By key: makes the memory of each such table of a config. */
export function sessionTablesOf({
  upstreams,
}: Pick<Config, 'upstreams'>): Map<string, () => SharedArrayBuffer> {
  const tables = new Map<string, () => SharedArrayBuffer>();
  for (const upstream of upstreams) {
    const key = sessionTableKey(upstream);
    if (key !== undefined) tables.set(key, () => sessionMemory(sizeOf(upstream)));
  }
  return tables;
}

function sizeOf({ sticky }: Pick<Upstream, 'sticky'>): number {
  return sticky?.size ?? 0;
}

/** Whether the clients of an upstream are remembered in a table. */
function hasTable(sticky: Sticky | undefined): sticky is Sticky {
  return sticky?.enabled === true && sticky.type !== 'cookie';
}
