/**
 * A certificate that the live config uses. `server`: the proxy shows it to clients. `client`: the proxy shows it to backends. `ca`: the proxy
 * trusts what it has signed.
 */
export interface CertificateReading {
  readonly kind: 'server' | 'client' | 'ca';
  /** The file, as the config names it. */
  readonly file: string;
  /** The host names and IP addresses that it is for; of one that names none, the CN of its subject. */
  readonly names: readonly string[];
  /** As in `CN=site,O=Example`. */
  readonly subject: string;
  readonly issuer: string;
  /** SHA-256 of its DER form, as upper-case hex digits in pairs that colons separate. */
  readonly fingerprint256: string;
  /** When it begins to be valid. */
  readonly notBeforeMs: number;
  /** When it, or the first certificate of the chain in its file, expires. */
  readonly notAfterMs: number;
  /** Where the config uses it: `listener web`, `upstream api`, `admin`, `metrics`. */
  readonly usedBy: readonly string[];
}
