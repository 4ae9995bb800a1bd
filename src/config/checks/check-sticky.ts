import type { Sticky, Upstream } from '../schema/config.generated.ts';
import type { Path } from '../problems/problem.ts';
import type { CheckContext } from './check-context.ts';

const COOKIE_KEYS = [
  'secret',
  'secret_file',
  'path',
  'domain',
  'max_age',
  'same_site',
  'secure',
  'http_only',
];
const TABLE_KEYS = ['size', 'ttl'];
const SOURCE_KEYS = ['ipv4_prefix', 'ipv6_prefix'];

/** Whether a key means something to stickiness of that type. */
function isUsed(key: string, type: Sticky['type']): boolean {
  if (COOKIE_KEYS.includes(key)) return type === 'cookie';
  if (TABLE_KEYS.includes(key)) return type !== 'cookie';
  if (SOURCE_KEYS.includes(key)) return type === 'source';
  return key !== 'name' || type !== 'source';
}

/** The settings of an upstream's stickiness fit together, and whoever reads them knows how long the key of its cookies lasts. */
export function checkSticky({ name, sticky }: Upstream, at: Path, context: CheckContext): void {
  if (sticky?.enabled !== true) return;
  const path = [...at, 'sticky'];
  for (const key of Object.keys(sticky).filter((one) => !isUsed(one, sticky.type)))
    if (context.given([...path, key])) context.warn([...path, key], `has no effect on type ${sticky.type}`);
  if (sticky.type === 'header' && sticky.name === undefined)
    context.error(path, 'of type header needs a name: that of the header field');
  if (sticky.type === 'cookie') checkCookie(name, sticky, path, context);
}

function checkCookie(name: string, sticky: Sticky, path: Path, context: CheckContext): void {
  if (sticky.same_site === 'none' && sticky.secure === 'never')
    context.error(
      [...path, 'same_site'],
      'must not be none with secure: never: browsers refuse such a cookie',
    );
  const first = context.config.upstreams.find(
    ({ sticky: other }) => other?.enabled === true && other.type === 'cookie' && other.name === sticky.name,
  );
  if (sticky.name !== undefined && first !== undefined && first.name !== name)
    context.warn(
      [...path, 'name'],
      `is the name of the cookie of upstream ${first.name} too: a client of both loses its backend at each change`,
    );
  if (sticky.secret !== undefined && sticky.secret_file !== undefined)
    context.error([...path, 'secret_file'], 'is given beside secret: only one of them can be the key');
  if (sticky.secret !== undefined || sticky.secret_file !== undefined) return;
  context.warn(
    path,
    context.config.reload.history_dir === undefined
      ? 'has no secret: the key of its cookies is lost when the process ends, and each client then gets a backend anew; set secret, secret_file or reload.history_dir'
      : 'has no secret: the key of its cookies is kept in reload.history_dir; another proxy does not know it, and gives each client a backend anew; set secret or secret_file where there are several',
  );
}
