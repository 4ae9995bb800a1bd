import type { PeerCertificate } from '../../../src/plugin-api/index.ts';
import type { HttpClientCertificateHeaders, HttpOptions } from '../config/schema/options.generated.ts';
import { foldedName, LOOK_ALIKE } from '../message/field-names.ts';
import { fieldText } from '../../../src/plugin-api/values/http-syntax.ts';
import type { RequestHead } from '../message/message-head.ts';
import type { FieldLine } from '../message/trailers.ts';

type Fact = keyof HttpClientCertificateHeaders;

/** What of a certificate each header has, as a field value in visible ASCII. */
const VALUES: Readonly<Record<Fact, (certificate: PeerCertificate) => string>> = {
  // A byte sequence (RFC 8941 3.3.5).
  certificate: ({ raw }) => `:${Buffer.from(raw).toString('base64')}:`,
  subject: ({ subject }) => fieldText(subject),
  issuer: ({ issuer }) => fieldText(issuer),
  serial: ({ serialNumber }) => fieldText(serialNumber),
  fingerprint: ({ fingerprint256 }) => fingerprint256.replaceAll(':', ''),
  not_after: ({ notAfterMs }) => shownTime(notAfterMs),
  verified: ({ verified }) => String(verified),
};
const FACTS = Object.keys(VALUES) as Fact[];

/** The headers of RFC 9440: a backend that reads the first may read the second too. */
const CLIENT_CERT = 'client-cert';
const CLIENT_CERT_CHAIN = 'client-cert-chain';

/**
 * The headers that tell backends about a client's certificate. No client can send them itself: its own fields with these names, in any
 * spelling, count as look-alikes, which nobody sees and no backend gets.
 */
export class CertificateHeaders {
  readonly #names: readonly (readonly [name: string, fact: Fact])[];
  /** Folded names. */
  readonly #hidden: ReadonlySet<string>;
  /** By length of a name: whether a name of that length is hidden. This check alone rules out nearly all fields. */
  readonly #lengths: readonly (true | undefined)[];

  constructor(options: HttpClientCertificateHeaders) {
    this.#names = FACTS.flatMap((fact) => {
      const name = options[fact];
      return name === undefined ? [] : [[name, fact] as const];
    });
    const hidden = new Set(this.#names.map(([name]) => foldedName(name)));
    if (hidden.has(CLIENT_CERT)) hidden.add(CLIENT_CERT_CHAIN);
    const lengths: (true | undefined)[] = [];
    for (const name of hidden) lengths[name.length] = true;
    this.#hidden = hidden;
    this.#lengths = lengths;
  }

  /** The headers of a listener; undefined when it has none. */
  static of({
    client_certificate_headers: options,
  }: Pick<HttpOptions, 'client_certificate_headers'>): CertificateHeaders | undefined {
    return options === undefined || Object.keys(options).length === 0
      ? undefined
      : new CertificateHeaders(options);
  }

  /** The field lines for a certificate, each with its CRLF; '' for a client without one. */
  lines(certificate: PeerCertificate | undefined): string {
    if (certificate === undefined) return '';
    return this.#names.map(([name, fact]) => `${name}: ${VALUES[fact](certificate)}\r\n`).join('');
  }

  /** Hides the client's own fields with these names from routes, filters and backends. */
  hide(head: RequestHead): void {
    for (let field = 0; field < head.fields; field++) {
      if (this.#lengths[head.nameLength(field)] !== true) continue;
      if (this.#hidden.has(foldedName(head.nameText(field)))) head.ids[field] = LOOK_ALIKE;
    }
  }

  /** The trailers without those with these names, because a backend may merge them into the head. */
  without(trailers: readonly FieldLine[]): readonly FieldLine[] {
    return trailers.filter(({ name }) => !this.#hidden.has(foldedName(name)));
  }
}

/** A time as in RFC 3339, in whole seconds. */
function shownTime(ms: number): string {
  return Number.isFinite(ms) ? new Date(ms).toISOString().replace(/\.\d+/, '') : '';
}
