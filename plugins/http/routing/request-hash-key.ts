import type { KeySource } from '../../../src/plugin-api/index.ts';
import { routedPath } from '../../../src/plugin-api/values/routed-path.ts';
import type { RequestHead } from '../message/message-head.ts';
import type { RequestTarget } from '../message/request-target.ts';

/** The key that a hashing balancer gets for a request; undefined when the request lacks the source of the key, such as a cookie. */
export function requestHashKey(
  source: KeySource,
  clientAddress: string,
  target: RequestTarget,
  head: RequestHead,
): string | undefined {
  switch (source.kind) {
    case 'source-ip':
      return clientAddress;
    case 'path':
      return routedPath(target.path);
    case 'header':
      return head.valueOf(source.name.toLowerCase());
    case 'cookie':
      return cookie(head, source.name);
    case 'query':
      return queryValue(target.forwarded, source.name);
  }
}

function cookie(head: RequestHead, name: string): string | undefined {
  const value = head.valueOf('cookie');
  if (value === undefined) return undefined;
  for (const pair of value.split(';')) {
    const equals = pair.indexOf('=');
    if (equals > 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
  }
  return undefined;
}

function queryValue(target: string, name: string): string | undefined {
  const query = target.indexOf('?');
  if (query < 0) return undefined;
  return new URLSearchParams(target.slice(query + 1)).get(name) ?? undefined;
}
