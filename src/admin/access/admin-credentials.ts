import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { Admin, ServerTls } from '../../config/schema/config.generated.ts';
import { ConfigError } from '../../config/load/config-error.ts';
import { BEARER_TOKENS, isBearerToken } from '../../config/schema/formats.ts';
import type { Path, Problem } from '../../config/problems/problem.ts';
import { hashOf } from '../../config/files/read-config-file.ts';
import { messageOf, systemCodeOf } from '../../errors.ts';

/** The server's certificate and key, and the authority of client certificates, in PEM. */
export interface AdminTlsFiles {
  readonly cert: string;
  readonly key: string;
  /** The authority that client certificates must be signed by; undefined: clients need no certificate. */
  readonly clientCa: string | undefined;
  /** Hash of the contents of all files. */
  readonly fingerprint: string;
}

/** What the files of an admin section hold. */
export interface AdminCredentials {
  /** The bearer token that clients must send; undefined: none. */
  readonly token: string | undefined;
  readonly tls: AdminTlsFiles | undefined;
}

/** The config file that holds an admin section. */
export interface AdminOrigin {
  /** Relative file names start from the folder of this file. */
  readonly file: string;
  /** Makes a problem with the location of a config key. */
  problem(path: Path, message: string): Problem;
}

/** Reads the files that an admin section names. When one can't be used, it rejects with a ConfigError that names its key. */
export async function loadAdminCredentials(admin: Admin, origin: AdminOrigin): Promise<AdminCredentials> {
  const files = new CredentialFiles(origin);
  const token = admin.token_file === undefined ? admin.token : await files.token(admin.token_file);
  const tls = admin.tls === undefined ? undefined : await files.tls(admin.tls);
  return { token, tls };
}

class CredentialFiles {
  readonly #origin: AdminOrigin;

  constructor(origin: AdminOrigin) {
    this.#origin = origin;
  }

  async token(file: string): Promise<string> {
    const path = ['admin', 'token_file'];
    const token = (await this.#read(path, file)).trim();
    if (!isBearerToken(token)) throw this.#error(path, `must name a file with ${BEARER_TOKENS}`);
    return token;
  }

  async tls(files: ServerTls): Promise<AdminTlsFiles> {
    const cert = await this.#read(['admin', 'tls', 'cert_file'], files.cert_file);
    const key = await this.#read(['admin', 'tls', 'key_file'], files.key_file);
    const clientCa =
      files.client_ca_file === undefined
        ? undefined
        : await this.#read(['admin', 'tls', 'client_ca_file'], files.client_ca_file);
    // Check them one after the other, so that the error names the file that is wrong.
    this.#tryOut(['admin', 'tls', 'cert_file'], 'certificate', { cert });
    this.#tryOut(['admin', 'tls', 'key_file'], 'private key', { cert, key });
    if (clientCa !== undefined)
      this.#tryOut(['admin', 'tls', 'client_ca_file'], 'certificate', { ca: clientCa });
    const fingerprint = hashOf(JSON.stringify([cert, key, clientCa]));
    return { cert, key, clientCa, fingerprint };
  }

  async #read(path: Path, file: string): Promise<string> {
    try {
      return await readFile(resolve(dirname(this.#origin.file), file), 'utf8');
    } catch (thrown) {
      const reason = systemCodeOf(thrown) === 'ENOENT' ? 'it does not exist' : messageOf(thrown);
      throw this.#error(path, `must name a file that can be read: ${reason}`);
    }
  }

  #tryOut(path: Path, what: string, options: { cert?: string; key?: string; ca?: string }): void {
    const pem = options.ca ?? options.key ?? options.cert ?? '';
    if (!pem.includes('-----BEGIN ')) throw this.#error(path, `must name a PEM file with a ${what}`);
    try {
      createSecureContext(options);
    } catch (thrown) {
      throw this.#error(path, `must name a PEM file with a ${what} that can be used: ${messageOf(thrown)}`);
    }
  }

  #error(path: Path, message: string): ConfigError {
    return new ConfigError([this.#origin.problem(path, message)]);
  }
}
