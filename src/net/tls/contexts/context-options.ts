import { constants } from 'node:crypto';
import type { SecureContextOptions } from 'node:tls';

/** The versions that a config can name. */
export type TlsVersion = '1.2' | '1.3';

/** A certificate, followed by the certificates of its authorities, and its private key; both in PEM. */
export interface Credential {
  readonly certificate: string;
  readonly key: string;
  /** Needed when the key is encrypted. */
  readonly keyPassword?: string | undefined;
}

/** The rules of a handshake, on whichever side. */
export interface CryptoSettings {
  /** Default: 1.2. */
  readonly minVersion?: TlsVersion | undefined;
  /** Default: 1.3. */
  readonly maxVersion?: TlsVersion | undefined;
  /** By their names in OpenSSL, for TLS 1.2 and 1.3 together, preferred ones first. Empty: those of Node.js. */
  readonly cipherSuites: readonly string[];
  /** By their names in OpenSSL, preferred ones first. Default: {@link defaultCurves}. */
  readonly curves?: readonly string[] | undefined;
}

/**
 * The `secureOptions` of every context. A renegotiation costs a server far more than its client, and could show another certificate than
 * the one that was verified.
 */
const SAFE_OPTIONS = constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION;

/** Options of `createSecureContext` for these rules, on whichever side. */
export function contextOptions(settings: CryptoSettings): SecureContextOptions {
  const { minVersion = '1.2', maxVersion = '1.3', cipherSuites, curves } = settings;
  return {
    minVersion: `TLSv${minVersion}`,
    maxVersion: `TLSv${maxVersion}`,
    ...(cipherSuites.length > 0 && { ciphers: cipherSuites.join(':') }),
    ecdhCurve: (curves ?? defaultCurves(process.versions.openssl)).join(':'),
    secureOptions: SAFE_OPTIONS,
  };
}

/** Options of `createSecureContext` for credentials. */
export function credentialOptions(credentials: readonly Credential[]): SecureContextOptions {
  return {
    cert: credentials.map(({ certificate }) => certificate),
    key: credentials.map(({ key, keyPassword }) =>
      keyPassword === undefined ? { pem: key } : { pem: key, passphrase: keyPassword },
    ),
  };
}

/**
 * The groups for the key exchange when the config names none, preferred ones first. From OpenSSL 3.5 on the first one withstands quantum
 * computers.
 *
 * @param openssl a version, as in `3.5.4`
 */
export function defaultCurves(openssl: string): readonly string[] {
  const [major = 0, minor = 0] = openssl.split('.').map(Number);
  const isPostQuantum = major > 3 || (major === 3 && minor >= 5);
  return [...(isPostQuantum ? ['X25519MLKEM768'] : []), 'X25519', 'P-256', 'P-384'];
}
