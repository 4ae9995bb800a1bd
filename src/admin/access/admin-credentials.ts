import { dirname } from 'node:path';
import type { Admin, ServerTls } from '../../config/schema/config.generated.ts';
import { ConfigError } from '../../config/load/config-error.ts';
import { namedFiles, type LoadedConfig } from '../../config/load/loaded-config.ts';
import { ConfigFiles, passwordIn } from '../../config/files/config-files.ts';
import { hashOf } from '../../config/files/read-config-file.ts';
import { BEARER_TOKENS, isBearerToken } from '../../config/schema/formats.ts';
import { DEFAULT_CIPHER_SUITES } from '../../config/values/tls/cipher-suite.ts';
import type { Path, Problem } from '../../config/problems/problem.ts';
import { messageOf } from '../../errors.ts';
import {
  ServerContexts,
  type ServerCertificate,
  type ServerContext,
} from '../../net/tls/contexts/server-contexts.ts';
import type { TlsVersion } from '../../net/tls/contexts/context-options.ts';
import type { TicketKeyRing } from '../../net/tls/contexts/ticket-key-ring.ts';
import { TimeSlicer } from '../../time/time-slicer.ts';

/** The TLS of an admin or metrics server. */
export interface ServerCredentials {
  /** The server's certificate and key, the authorities of its clients, and the rules of handshakes. */
  readonly context: ServerContext;
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

/**
 * What the files of an admin section hold.
 *
 * @param ring has the keys of session tickets
 * @throws ConfigError when a file can't be used; it names the key of the file
 */
export async function adminCredentials(
  admin: Admin,
  origin: AdminOrigin,
  ring: TicketKeyRing,
): Promise<AdminCredentials> {
  const files = new CredentialFiles(origin, ring);
  const token = admin.token_file === undefined ? admin.token : files.token(admin.token_file);
  const tls = admin.tls === undefined ? undefined : await files.tls(['admin', 'tls'], admin.tls);
  return { token, tls };
}

/** What the files of a `tls` section hold, as {@link adminCredentials}. */
export function serverCredentials(
  at: Path,
  section: ServerTls,
  origin: AdminOrigin,
  ring: TicketKeyRing,
): Promise<ServerCredentials> {
  return new CredentialFiles(origin, ring).tls(at, section);
}

class CredentialFiles {
  readonly #origin: AdminOrigin;
  readonly #files: ConfigFiles;
  readonly #ring: TicketKeyRing;

  constructor(origin: AdminOrigin, ring: TicketKeyRing) {
    this.#origin = origin;
    this.#files = new ConfigFiles(dirname(origin.file), namedFiles(origin));
    this.#ring = ring;
  }

  token(file: string): string {
    const path = ['admin', 'token_file'];
    const token = this.#text(path, file).trim();
    if (!isBearerToken(token)) throw this.#error(path, `must name a file with ${BEARER_TOKENS}`);
    return token;
  }

  async tls(at: Path, section: ServerTls): Promise<ServerCredentials> {
    const { cert_file, key_file, key_password_file, client_ca_file, client_crl_file, min_version } = section;
    const textOf = (key: string, file: string | undefined): string | undefined =>
      file === undefined ? undefined : this.#text([...at, key], file);
    const password = textOf('key_password_file', key_password_file);
    const ca = textOf('client_ca_file', client_ca_file);
    const crl = textOf('client_crl_file', client_crl_file);
    const certificate: ServerCertificate = {
      certificate: this.#text([...at, 'cert_file'], cert_file),
      key: this.#text([...at, 'key_file'], key_file),
      keyPassword: password === undefined ? undefined : passwordIn(password),
      names: [],
      // A client without a certificate may still use the public endpoints: the guard decides for each request.
      clientAuth: ca === undefined ? { mode: 'none' } : { mode: 'request', ca, crl },
    };
    return {
      context: await this.#context(at, certificate, min_version),
      asksClients: ca !== undefined,
      fingerprint: hashOf(JSON.stringify([certificate, min_version])),
      trust: hashOf(JSON.stringify([certificate.clientAuth, min_version])),
    };
  }

  /** The load has checked each file. What OpenSSL still refuses must be refused before the config is live. */
  async #context(at: Path, certificate: ServerCertificate, minVersion: TlsVersion): Promise<ServerContext> {
    try {
      const { fallback } = await ServerContexts.build(
        {
          listener: at.join('.'),
          certificates: [certificate],
          minVersion,
          cipherSuites: DEFAULT_CIPHER_SUITES,
        },
        this.#ring,
        new TimeSlicer(),
      );
      if (fallback !== undefined) return fallback;
    } catch (thrown) {
      throw this.#error(at, `can't be used: ${messageOf(thrown)}`);
    }
    throw this.#error(at, 'has no certificate');
  }

  #text(path: Path, file: string): string {
    try {
      return this.#files.text(file);
    } catch {
      throw this.#error(path, 'must name a file that can be read: it does not exist, or may not be read');
    }
  }

  #error(path: Path, message: string): ConfigError {
    return new ConfigError([this.#origin.problem(path, message)]);
  }
}
