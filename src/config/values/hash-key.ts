import type { KeySource } from '../../plugin-api/index.ts';
import { isToken } from '../../plugin-api/values/http-syntax.ts';

/** What {@link parseHashKey} takes, in words for error messages. */
export const HASH_KEY_FORMS = 'source-ip, path, header:NAME, cookie:NAME or query:NAME';

/** Reads a `hash_key`. Throws an Error that says what is allowed. */
export function parseHashKey(text: string): KeySource {
  if (text === 'source-ip' || text === 'source_ip') return { kind: 'source-ip' };
  if (text === 'path') return { kind: 'path' };
  const [, kind, name = ''] = /^(header|cookie|query):(.+)$/s.exec(text) ?? [];
  if (kind === 'header' && isToken(name)) return { kind, name: name.toLowerCase() };
  if (kind === 'cookie' && isToken(name)) return { kind, name };
  if (kind === 'query' && /^[^\s&=#]+$/.test(name)) return { kind, name };
  throw new Error(`must be ${HASH_KEY_FORMS}`);
}

/** The text that {@link parseHashKey} reads back into the same source. */
export function formatHashKey(key: KeySource): string {
  return 'name' in key ? `${key.kind}:${key.name}` : key.kind;
}
