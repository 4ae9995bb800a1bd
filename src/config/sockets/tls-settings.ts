import type { Upstream } from '../schema/config.generated.ts';
import { parseCurve } from '../values/tls/curve.ts';

type UpstreamTls = NonNullable<Upstream['tls']>;

/** How TLS is spoken to the backends of an upstream. Files stand here by a key that changes with their content. */
export interface BackendTlsSettings {
  /** The name that backends must prove, which is sent as SNI too. Default: the host of a backend's address. */
  readonly serverName: string | undefined;
  readonly minVersion: '1.2' | '1.3';
  readonly maxVersion: '1.2' | '1.3';
  /** By their names in OpenSSL, for both versions, preferred ones first. Empty: the defaults of the runtime. */
  readonly cipherSuites: readonly string[];
  /** The groups for the key exchange, by their names in OpenSSL, preferred ones first. Default: those of the runtime. */
  readonly curves: readonly string[] | undefined;
  /** The protocols that ALPN offers, preferred ones first. Empty: no ALPN. Default: `http/1.1` on connections for HTTP, otherwise none. */
  readonly alpnProtocols: readonly string[] | undefined;
  /** False: any certificate is taken. */
  readonly isVerified: boolean;
  /** Whether a new connection resumes the session of an earlier one. */
  readonly reusesSessions: boolean;
  /** Key of the file with the trusted authorities. Default: those of the runtime. */
  readonly authorities: string | undefined;
  /** Keys of the files of the client certificate. */
  readonly certificate: string | undefined;
  readonly certificateKey: string | undefined;
  readonly certificateKeyPassword: string | undefined;
}

/** Without a `tls` section: the defaults of the runtime, and the backend is verified. */
export const DEFAULT_TLS_SETTINGS: BackendTlsSettings = {
  serverName: undefined,
  minVersion: '1.2',
  maxVersion: '1.3',
  cipherSuites: [],
  curves: undefined,
  alpnProtocols: undefined,
  isVerified: true,
  reusesSessions: true,
  authorities: undefined,
  certificate: undefined,
  certificateKey: undefined,
  certificateKeyPassword: undefined,
};

/** @param keyOf a text for the file of that name which changes with its content */
export function tlsSettingsOf(tls: UpstreamTls, keyOf: (file: string) => string): BackendTlsSettings {
  const keyOfAny = (file: string | undefined) => (file === undefined ? undefined : keyOf(file));
  return {
    serverName: tls.server_name,
    minVersion: tls.min_version,
    maxVersion: tls.max_version,
    cipherSuites: tls.cipher_suites,
    curves: tls.curves?.map(parseCurve),
    alpnProtocols: tls.alpn_protocols,
    isVerified: !tls.insecure_skip_verify,
    reusesSessions: tls.session_reuse,
    authorities: keyOfAny(tls.ca_file),
    certificate: keyOfAny(tls.client_cert_file),
    certificateKey: keyOfAny(tls.client_key_file),
    certificateKeyPassword: keyOfAny(tls.client_key_password_file),
  };
}
