import type { Config } from '../config.generated.ts';
import { MASK, maskSecrets } from '../mask-secrets.ts';

/** NUL can hardly be part of a config; where it is, a mask too many is shown. */
const TOKEN = /\0\d+\0/g;

/** Replaces secrets by tokens that are equal exactly when the secrets are, so that configs can be compared without them. */
export class SecretTokens {
  readonly #tokens = new Map<string, string>();

  hide(config: Config): Config {
    return maskSecrets(config, undefined, (secret) => this.#token(secret)) as Config;
  }

  /** Puts the mask in place of all tokens in a value. */
  static mask<T>(value: T): T {
    return withMasks(value) as T;
  }

  #token(secret: unknown): string {
    const key = JSON.stringify(secret);
    let token = this.#tokens.get(key);
    if (token === undefined) {
      token = `\0${this.#tokens.size}\0`;
      this.#tokens.set(key, token);
    }
    return token;
  }
}

function withMasks(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll(TOKEN, MASK);
  if (Array.isArray(value)) return value.map(withMasks);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, withMasks(entry)]));
}
