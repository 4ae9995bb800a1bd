import { expect, it } from 'vitest';
import { cookieNameOf, SessionTokens } from '../../../../src/upstream/stickiness/session-tokens.ts';

it('makes the same token for the same names and key, and another one for any other', () => {
  const tokens = new SessionTokens('key', 'api');
  expect(tokens.of('a')).toBe(new SessionTokens('key', 'api').of('a'));
  expect(tokens.of('a')).toMatch(/^v1\.[\w-]{22}$/);
  const others = [
    tokens.of('b'),
    new SessionTokens('other', 'api').of('a'),
    new SessionTokens('key', 'web').of('a'),
    new SessionTokens('key', 'ap').of('ia'),
    new SessionTokens('key', 'apia').of(''),
  ];
  expect(new Set([tokens.of('a'), ...others]).size).toBe(6);
});

it('names the cookie by the upstream', () => {
  expect(cookieNameOf('api')).toMatch(/^balance_[0-9a-f]{8}$/);
  expect(cookieNameOf('api')).not.toBe(cookieNameOf('web'));
});
