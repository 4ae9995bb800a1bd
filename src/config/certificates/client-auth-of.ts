import type { ListenerTls, TlsCertificate } from '../schema/config.generated.ts';

/** What is asked of the clients that get a certificate. */
export interface ClientAuth {
  readonly mode: ListenerTls['client_auth'];
  /** File of the authorities that are trusted. */
  readonly caFile: string | undefined;
  /** File of the lists of revoked certificates. */
  readonly crlFile: string | undefined;
}

/** What a certificate says for itself comes before what its listener says for all. */
export function clientAuthOf(own: TlsCertificate, tls: ListenerTls): ClientAuth {
  return {
    mode: own.client_auth ?? tls.client_auth,
    caFile: own.client_ca_file ?? tls.client_ca_file,
    crlFile: own.client_crl_file ?? tls.client_crl_file,
  };
}
