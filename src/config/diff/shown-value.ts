import { SecretTokens } from './secret-tokens.ts';

const MAX_LENGTH = 60;

/** A value of a config as a few words of one line show it. */
export function shownValue(value: unknown): string {
  const plain = SecretTokens.mask(value);
  const text = typeof plain === 'string' && plain !== '' ? plain : JSON.stringify(plain);
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > MAX_LENGTH ? `${line.slice(0, MAX_LENGTH - 1)}…` : line;
}
