import type { ConfigFiles } from '../../config/files/config-files.ts';
import type { Sticky, Upstream } from '../../config/schema/config.generated.ts';
import type { StickyCookie } from '../../plugin-api/index.ts';
import type { UpstreamOptions } from '../../upstream/group/upstream-options.ts';
import { clientNetwork } from '../../upstream/stickiness/client-network.ts';
import { CookieSessions } from '../../upstream/stickiness/cookie-sessions.ts';
import type { SessionTable } from '../../upstream/stickiness/session-table.ts';
import { cookieNameOf, SessionTokens } from '../../upstream/stickiness/session-tokens.ts';
import { TableSessions } from '../../upstream/stickiness/table-sessions.ts';

const SAME_SITE = { lax: 'Lax', strict: 'Strict', none: 'None' } as const;
const SECOND_MS = 1_000;

/**
 * By what an upstream knows its clients, and what knows where they belong; undefined where it does not keep them.
 *
 * @param ownKey the key for cookies of upstreams whose config gives none. Undefined: nothing is served, and any key will do
 * @param table remembers clients; undefined for cookies
 */
export function stickyPartsOf(
  { name, sticky }: Upstream,
  files: ConfigFiles,
  ownKey: string | undefined,
  table: SessionTable | undefined,
): UpstreamOptions['sticky'] {
  if (sticky?.enabled !== true) return undefined;
  if (table !== undefined) return tablePartsOf(sticky, table);
  const { secret, secret_file: file } = sticky;
  const key = secret ?? (file === undefined ? (ownKey ?? '') : files.password(file));
  return { source: cookieOf(name, sticky), sessions: new CookieSessions(new SessionTokens(key, name)) };
}

function tablePartsOf(sticky: Sticky, table: SessionTable): UpstreamOptions['sticky'] {
  const { type, name = '', ttl, ipv4_prefix: v4, ipv6_prefix: v6 } = sticky;
  const ttlSeconds = Math.ceil(ttl / SECOND_MS);
  if (type === 'header')
    return {
      source: { kind: 'header', name: name.toLowerCase() },
      sessions: new TableSessions(table, { ttlSeconds, nameOf: (value) => value }),
    };
  const rules = { ttlSeconds, nameOf: clientNetwork(v4, v6) };
  return { source: { kind: 'source-ip' }, sessions: new TableSessions(table, rules) };
}

function cookieOf(upstream: string, sticky: Sticky): StickyCookie {
  const { name = cookieNameOf(upstream), path, domain, secure } = sticky;
  const attributes = [
    `Path=${path}`,
    ...(domain === undefined ? [] : [`Domain=${domain}`]),
    ...(sticky.max_age === 0 ? [] : [`Max-Age=${String(Math.ceil(sticky.max_age / SECOND_MS))}`]),
    ...(sticky.http_only ? ['HttpOnly'] : []),
    `SameSite=${SAME_SITE[sticky.same_site]}`,
  ];
  return {
    kind: 'cookie',
    name,
    attributes: attributes.map((attribute) => `; ${attribute}`).join(''),
    secure,
  };
}
