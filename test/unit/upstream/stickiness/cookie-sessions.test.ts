import { expect, it } from 'vitest';

import { CookieSessions } from '../../../../src/upstream/stickiness/cookie-sessions.ts';

function members(...ids: readonly string[]) {
  return ids.map((id) => ({ id, takesSessions: true }));
}

/** Sessions whose tokens are noted when they are made. */
function sessions() {
  const made: string[] = [];
  const tokens = {
    of: (id: string) => {
      made.push(id);
      return `token of ${id}`;
    },
  };
  return { made, sessions: new CookieSessions(tokens) };
}

it('makes the tokens of many members in steps, before these count', () => {
  const { made, sessions: cookies } = sessions();
  const all = members('a', 'b', 'c');
  const steps = cookies.prepare(all);
  expect([steps.next().done, made.length]).toEqual([false, 1]);
  expect([...steps]).toHaveLength(2);
  expect(cookies.memberOf('token of a')).toBeUndefined();
  cookies.follow(all);
  expect(made).toEqual(['a', 'b', 'c']);
  expect(cookies.memberOf('token of b')).toBe(all[1]);
  expect(cookies.assign(undefined, all[2]!)).toEqual({ outcome: 'new', newSession: 'token of c' });
});

it('makes those of new members alone after an edit, and forgets those that left', () => {
  const { made, sessions: cookies } = sessions();
  cookies.follow(members('a', 'b'));
  const next = members('b', 'c');
  expect([...cookies.prepare(next)]).toHaveLength(2);
  cookies.follow(next);
  expect(made).toEqual(['a', 'b', 'c']);
  expect(cookies.memberOf('token of a')).toBeUndefined();
  expect(cookies.memberOf('token of b')).toBe(next[0]);
  cookies.follow(members('a'));
  expect(made).toEqual(['a', 'b', 'c', 'a']);
});

it('leads nobody to a member that may not serve its clients', () => {
  const { sessions: cookies } = sessions();
  const [a] = members('a');
  cookies.follow([a!]);
  a!.takesSessions = false;
  expect(cookies.memberOf('token of a')).toBeUndefined();
});
