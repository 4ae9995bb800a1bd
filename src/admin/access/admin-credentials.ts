import { dirname } from 'node:path';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { Admin, ServerTls } from '../../config/schema/config.generated.ts';
import { ConfigError } from '../../config/load/config-error.ts';
import { namedFiles, type LoadedConfig } from '../../config/load/loaded-config.ts';
import { ConfigFiles, passwordIn } from '../../config/files/config-files.ts';
import { hashOf } from '../../config/files/read-config-file.ts';
import { BEARER_TOKENS, isBearerToken } from '../../config/schema/formats.ts';
import { DEFAULT_CIPHER_SUITES } from '../../config/values/tls/cipher-suite.ts';
import type { Path, Problem } from '../../config/problems/problem.ts';
import { messageOf } from '../../errors.ts';

/** The TLS of an admin or metrics server: what Node.js makes a context of. */
export interface ServerCredentials {
  /** The server's certificate and key, the authorities of its clients, and the rules of handshakes. */
  readonly context: SecureContextOptions;
  /** Whether clients must show a certificate that an authority has signed, except for what is public. */
  readonly asksClients: boolean;
  /** Hash of everything in it. */
  readonly fingerprint: string;
  /** Hash of what decides whether a client is let in. */
  readonly trust: string;
}

/** What the files of an admin section hold. */
export interface AdminCredentials {
  /** The bearer token that clients must send; undefined: none. */
  readonly token: string | undefined;
  readonly tls: ServerCredentials | undefined;
}

/** The config that holds a section, with its files as the load has read them. */
export type AdminOrigin = Pick<LoadedConfig, 'file' | 'sources' | 'contents'> & {
  /** Makes a problem with the location of a config key. */
  problem(path: Path, message: string): Problem;
};

/** What the files of an admin section hold. When one can't be used, it throws a ConfigError that names its key. */
export function adminCredentials(admin: Admin, origin: AdminOrigin): AdminCredentials {
  const files = new CredentialFiles(origin);
  const token = admin.token_file === undefined ? admin.token : files.token(admin.token_file);
  const tls = admin.tls === undefined ? undefined : files.tls(['admin', 'tls'], admin.tls);
  return { token, tls };
}

/** What the files of a `tls` section hold. When one can't be used, it throws a ConfigError that names its key. */
export function serverCredentials(at: Path, section: ServerTls, origin: AdminOrigin): ServerCredentials {
  return new CredentialFiles(origin).tls(at, section);
}

class CredentialFiles {
  readonly #origin: AdminOrigin;
  readonly #files: ConfigFiles;

  constructor(origin: AdminOrigin) {
    this.#origin = origin;
    this.#files = new ConfigFiles(dirname(origin.file), namedFiles(origin));
  }

  token(file: string): string {
    const path = ['admin', 'token_file'];
    const token = this.#text(path, file).trim();
    if (!isBearerToken(token)) throw this.#error(path, `must name a file with ${BEARER_TOKENS}`);
    return token;
  }

  tls(at: Path, section: ServerTls): ServerCredentials {
    const { cert_file, key_file, key_password_file, client_ca_file, client_crl_file, min_version } = section;
    const textOf = (key: string, file: string | undefined): string | undefined =>
      file === undefined ? undefined : this.#text([...at, key], file);
    const cert = this.#text([...at, 'cert_file'], cert_file);
    const key = this.#text([...at, 'key_file'], key_file);
    const password = textOf('key_password_file', key_password_file);
    const ca = textOf('client_ca_file', client_ca_file);
    const crl = textOf('client_crl_file', client_crl_file);
    const pair = { cert, key, ...(password !== undefined && { passphrase: passwordIn(password) }) };
    const trusted = { ...(ca !== undefined && { ca }), ...(crl !== undefined && { crl }) };
    const rules = { minVersion: `TLSv${min_version}`, ciphers: DEFAULT_CIPHER_SUITES.join(':') } as const;
    this.#tryOut(at, { ...pair, ...trusted, ...rules });
    return {
      context: { ...pair, ...trusted, ...rules },
      asksClients: ca !== undefined,
      fingerprint: hashOf(JSON.stringify([pair, trusted, rules])),
      trust: hashOf(JSON.stringify([trusted, rules])),
    };
  }

  #text(path: Path, file: string): string {
    try {
      return this.#files.text(file);
    } catch {
      throw this.#error(path, 'must name a file that can be read: it does not exist, or may not be read');
    }
  }

  /** The load has checked each file. What OpenSSL still refuses must be refused before the config is live. */
  #tryOut(path: Path, options: SecureContextOptions): void {
    try {
      createSecureContext(options);
    } catch (thrown) {
      throw this.#error(path, `can't be used: ${messageOf(thrown)}`);
    }
  }

  #error(path: Path, message: string): ConfigError {
    return new ConfigError([this.#origin.problem(path, message)]);
  }
}
