import { describe, expect, it } from 'vitest';
import { errorFrom, messageOf } from '../../../src/errors.ts';

function broken(key: 'message' | 'stack'): Error {
  return Object.defineProperty(new Error('a'), key, {
    get: () => {
      throw new Error(`in ${key}`);
    },
  });
}

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

/** What strangers' code throws, and what is told of it. */
const THROWN: readonly (readonly [string, () => unknown, string])[] = [
  ['a text', () => 'just text', 'just text'],
  ['null', () => null, 'null'],
  ['a symbol', () => Symbol('x'), 'Symbol(x)'],
  ['an object that has no text', (): unknown => Object.create(null), 'something that no text can be made of'],
  ['a proxy that is gone', revoked, 'something that no text can be made of'],
  ['an error that throws for its message', () => broken('message'), 'something that no text can be made of'],
  ['an error that throws for its stack', () => broken('stack'), 'something that no text can be made of'],
  ['an error with a number for a message', () => Object.assign(new Error(''), { message: 7 }), '7'],
  [
    'several errors, one without a text',
    () => new AggregateError([new Error('a'), Object.create(null)], ''),
    'a, something that no text can be made of',
  ],
];

describe('what was thrown can be told without a failure', () => {
  it.each(THROWN)('if it is %s', (_, thrown, message) => {
    expect(messageOf(thrown())).toBe(message);
    const error = errorFrom(thrown());
    expect(error).toBeInstanceOf(Error);
    expect(typeof error.stack).toBe('string');
  });

  it('and an error is told as it is', () => {
    const error = new Error('a');
    expect(errorFrom(error)).toBe(error);
    expect(errorFrom('text').stack).toBe('');
  });
});
