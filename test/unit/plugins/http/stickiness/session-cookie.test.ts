import { expect, it } from 'vitest';
import { sessionEdits, splitCookies } from '../../../../../plugins/http/stickiness/session-cookie.ts';

function headOf(...cookies: string[]) {
  return {
    find: (name: string, from = 0) => (name === 'cookie' && from < cookies.length ? from : -1),
    valueText: (field: number) => cookies[field]!,
  };
}

it.each([
  [['node=v1.x; a=1; b=2'], 'v1.x', 'a=1; b=2'],
  [['a=1; node=v1.x; b="2;'], 'v1.x', 'a=1; b="2'],
  [['a=1;node=v1.x'], 'v1.x', 'a=1'],
  [['node=v1.x'], 'v1.x', ''],
  [['node=v1.x; node=v1.y'], 'v1.x', ''],
  [['node=old; node=v1.y; node=v1.x'], 'v1.y', ''],
  [['node=old', 'a=1; node=v1.x'], 'v1.x', 'a=1'],
  [['node=; node=old'], '', ''],
  [['a=1', 'node=; b=2'], '', 'a=1; b=2'],
  [['nodes=1; xnode=2; node'], undefined, 'nodes=1; xnode=2; node'],
  [[''], undefined, ''],
  [[], undefined, ''],
])('takes its own cookie out of %j', (cookies, session, rest) => {
  expect(splitCookies(headOf(...cookies), 'node', (value) => value.startsWith('v1.'))).toEqual({
    session,
    rest,
  });
});

it('marks the cookie as secure when it must be, or when the connection is', () => {
  const value = (secure: 'auto' | 'always' | 'never', isSecure: boolean): string | undefined =>
    sessionEdits({ kind: 'cookie', name: 'node', attributes: '; Path=/', secure }, 'v1.x', isSecure)[0]
      ?.value;
  expect(value('auto', false)).toBe('node=v1.x; Path=/');
  expect(value('auto', true)).toBe('node=v1.x; Path=/; Secure');
  expect(value('always', false)).toBe('node=v1.x; Path=/; Secure');
  expect(value('never', true)).toBe('node=v1.x; Path=/');
});
