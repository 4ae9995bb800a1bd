import type { ConfigFiles } from '../../config/files/config-files.ts';
import type { Sticky, Upstream } from '../../config/schema/config.generated.ts';
import type { StickyCookie } from '../../plugin-api/index.ts';
import type { UpstreamOptions } from '../../upstream/group/upstream-options.ts';
import { cookieNameOf, SessionTokens } from '../../upstream/stickiness/session-tokens.ts';

const SAME_SITE = { lax: 'Lax', strict: 'Strict', none: 'None' } as const;
const SECOND_MS = 1_000;

/**
 * The cookie of an upstream, and the tokens that it holds; undefined where it has none.
 *
 * @param ownKey the key for upstreams whose config gives none. Undefined: nothing is served, and any key will do
 */
export function stickyPartsOf(
  { name, sticky }: Upstream,
  files: ConfigFiles,
  ownKey: string | undefined,
): UpstreamOptions['sticky'] {
  if (sticky?.enabled !== true) return undefined;
  const { secret, secret_file: file } = sticky;
  const key = secret ?? (file === undefined ? (ownKey ?? '') : files.password(file));
  return { cookie: cookieOf(name, sticky), tokens: new SessionTokens(key, name) };
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
  return { name, attributes: attributes.map((attribute) => `; ${attribute}`).join(''), secure };
}
