import { expect, it } from 'vitest';

import { requestHashKey } from '../../../../../plugins/http/routing/request-hash-key.ts';
import { parseTarget } from '../../../../../plugins/http/message/request-target.ts';
import type { KeySource } from '../../../../../src/plugin-api/index.ts';
import { reader } from '../parsing.ts';

function keyOf(source: KeySource, target: string, lines = ''): string | undefined {
  const message = reader();
  const bytes = Buffer.from(`GET ${target} HTTP/1.1\r\nHost: a\r\n${lines}\r\n`, 'latin1');
  message.feed(bytes, 0, bytes.length);
  const key = requestHashKey(source, '10.0.0.1', parseTarget(target, 'GET')!, message.head!);
  message.finish();
  return key;
}

it.each<[KeySource, string, string, string | undefined]>([
  [{ kind: 'source-ip' }, '/', '', '10.0.0.1'],
  [{ kind: 'path' }, '/a/b?c=d', '', '/a/b'],
  [{ kind: 'header', name: 'X-User' }, '/', 'x-user:  me \r\nX-User: other\r\n', 'me'],
  [{ kind: 'header', name: 'X-User' }, '/', '', undefined],
  [{ kind: 'cookie', name: 'id' }, '/', 'Cookie: xid=1; id=2; id=3\r\n', '2'],
  [{ kind: 'cookie', name: 'id' }, '/', 'Cookie: id = 5 ;x=y\r\n', '5'],
  [{ kind: 'cookie', name: 'id' }, '/', 'Cookie: id=a=b\r\n', 'a=b'],
  [{ kind: 'cookie', name: 'id' }, '/', 'Cookie: ID=1\r\n', undefined],
  [{ kind: 'cookie', name: 'id' }, '/', '', undefined],
  [{ kind: 'query', name: 'id' }, '/?x=1&id=2&id=3', '', '2'],
  [{ kind: 'query', name: 'id' }, '/?id=a%20b+c', '', 'a b c'],
  [{ kind: 'query', name: 'id' }, '/?id=', '', ''],
  [{ kind: 'query', name: 'id' }, '/?xid=1', '', undefined],
  [{ kind: 'query', name: 'id' }, '/id', '', undefined],
])('the key by %o of %s with %j is %s', (source, target, lines, wanted) => {
  expect(keyOf(source, target, lines)).toBe(wanted);
});
