import { expect, it } from 'vitest';

import { hostName, isValidHost, parseTarget } from '../../../../../plugins/http/message/request-target.ts';

it.each([
  ['/', 'GET', '/', '/', undefined],
  ['*', 'OPTIONS', '*', '*', undefined],
  ['http://h', 'GET', '/', '/', 'h'],
  ['http://h', 'OPTIONS', '*', '*', 'h'],
  ['http://h?x', 'GET', '/?x', '/', 'h'],
  ['https://[::1]:8/a/b?c', 'GET', '/a/b?c', '/a/b', '[::1]:8'],
])('%s of %s goes on as %s with the path %s and the host %s', (text, method, forwarded, path, authority) => {
  expect(parseTarget(text, method)).toMatchObject({ forwarded, path, authority });
});

it.each([
  ['*', 'GET'],
  ['', 'GET'],
  ['a', 'GET'],
  ['ftp://h/', 'GET'],
  ['http:///', 'GET'],
  ['http://u:p@h/', 'GET'],
  ['http://h:x/', 'GET'],
])('%s of %s is no target', (text, method) => {
  expect(parseTarget(text, method)).toBeUndefined();
});

it.each([
  ['A.Test:80', 'a.test'],
  ['a', 'a'],
  ['[::1]:80', '[::1]'],
  ['[::1]', '[::1]'],
  ['a:', 'a'],
  ['', ''],
  ['A.Test.', 'a.test'],
  ['a.test.:80', 'a.test'],
  ['a..', 'a.'],
  ['.', '.'],
])('the name in %s is %s', (text, name) => {
  expect(isValidHost(text)).toBe(true);
  expect(hostName(text)).toBe(name);
});

it.each(['a b', 'a/b', 'u@a', 'a:b', 'a:1:2', '[::1', '::1', 'a\0', 'a\xa0', '\xe4'])(
  '%j is no host',
  (text) => {
    expect(isValidHost(text)).toBe(false);
  },
);
