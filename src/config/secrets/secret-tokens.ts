import { SECRET_MASK } from './mask-config.ts';
import { maskSecrets } from './mask-secrets.ts';

/** NUL can hardly be part of a config; where it is, a mask too many is shown. */
const TOKEN = /\0\d+\0/g;

/** Replaces secrets by tokens that are equal exactly when the secrets are, so that configs can be compared without them. */
export class SecretTokens {
  readonly #tokens = new Map<string, string>();

  hide<T>(config: T): T {
    return maskSecrets(config, (secret) => {
      let token = this.#tokens.get(secret);
      if (token === undefined) {
        token = `\0${this.#tokens.size}\0`;
        this.#tokens.set(secret, token);
      }
      return token;
    });
  }

  /** Puts the mask in place of all tokens in a value. */
  static mask<T>(value: T): T {
    return deepMasked(value) as T;
  }
}

function deepMasked(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll(TOKEN, SECRET_MASK);
  if (Array.isArray(value)) return value.map(deepMasked);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, deepMasked(entry)]));
}
