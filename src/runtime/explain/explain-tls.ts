import { X509Certificate } from 'node:crypto';

import { clientAuthOf } from '../../config/certificates/client-auth-of.ts';
import { clientAuthWords } from '../../config/certificates/client-auth-words.ts';
import type { ConfigFiles } from '../../config/files/config-files.ts';
import { isIpAddress } from '../../config/values/address.ts';
import type { Listener, ListenerTls, TlsCertificate } from '../../config/schema/config.generated.ts';
import { messageOf } from '../../errors.ts';
import { SniTable, type SniChoice } from '../../net/tls/sni/sni-table.ts';
import type { TlsSession } from '../../plugin-api/index.ts';
import type { ExplainedCertificate, ExplainedTls } from './explanation.ts';

const DAY_MS = 86_400_000;
/** Shown in place of what each handshake agrees on anew. */
const SOME_CIPHER = '<cipher suite>';

/** The certificates of one name: one, or one with an RSA key and one with an ECDSA key. */
type Certificates = readonly TlsCertificate[];

/** What a listener does with a TLS connection for one host name, found by the table that decides about real connections. */
export class TlsPlan {
  readonly shown: ExplainedTls;
  /** The name of the upstream that gets the connection undecrypted; undefined when it is decrypted or refused. */
  readonly passedTo: string | undefined;
  /** What a connection would agree on, as far as it is known; undefined when it is not decrypted. */
  readonly session: TlsSession | undefined;
  readonly #tls: ListenerTls;
  /** Of the URL: a name or an IP address. */
  readonly #host: string;
  readonly #table: SniTable<Certificates>;

  /** @param host as a URL has it, without port; '' for none. A client asks for no IP address. */
  constructor({ upstream, tls }: { upstream?: string; tls: ListenerTls }, host: string, files: ConfigFiles) {
    this.#host = host.replace(/^\[|\]$/g, '').replace(/\.$/, '');
    const sni = askedName(host);
    this.#tls = tls;
    this.#table = tableOf(tls, upstream);
    const choice = this.#table.decide({ sni });
    this.passedTo = choice.kind === 'pass' ? choice.upstream : undefined;
    this.session = choice.kind === 'terminate' ? this.#session(sni, choice.context) : undefined;
    this.shown = {
      ...(sni === undefined ? {} : { sni }),
      decision: choice.kind,
      reason: this.#reason(sni, choice),
      ...(choice.kind === 'pass' ? { upstream: choice.upstream } : {}),
      ...(choice.kind === 'terminate' ? this.#terms(choice.context, files) : {}),
    };
  }

  #reason(sni: string | undefined, choice: SniChoice<Certificates>): string {
    const name = this.#table.nameFor(sni);
    if (name !== undefined && sni !== undefined)
      return choice.kind === 'pass' ? `tls.sni.routes has ${name}` : `a certificate is for ${name}`;
    const asked = sni === undefined ? 'the client asks for no host name' : `no certificate is for ${sni}`;
    if (choice.kind === 'terminate') return `${asked}, so it gets the default certificate`;
    if (choice.kind === 'refuse')
      return this.#tls.certificates.length === 0
        ? `${asked}, and no route`
        : `${asked}, and strict_sni is set`;
    return this.#tls.sni?.default === choice.upstream
      ? `${asked}, so tls.sni.default takes it`
      : 'the listener has no certificate';
  }

  #terms(certificates: Certificates, files: ConfigFiles): Partial<ExplainedTls> {
    const { min_version, max_version } = this.#tls;
    const [first] = certificates;
    const rule = first && clientAuthOf(first, this.#tls);
    return {
      min_version,
      max_version,
      ...(rule === undefined ? {} : { client_auth: rule.mode, client_rule: clientAuthWords(rule) }),
      certificates: certificates.map((certificate) => shownCertificate(certificate, this.#host, files)),
    };
  }

  #session(sni: string | undefined, certificates: Certificates): TlsSession {
    const policy = this.#policyOf(certificates);
    return {
      version: `TLSv${this.#tls.max_version}`,
      cipher: SOME_CIPHER,
      alpn: this.#tls.alpn_protocols?.[0],
      sni,
      certificate: undefined,
      resumed: false,
      allowsHost: (host) => {
        const choice = this.#table.decide({ sni: host });
        if (choice.kind !== 'terminate') return choice.kind === 'refuse';
        const wanted = this.#policyOf(choice.context);
        return wanted === undefined || wanted === policy;
      },
    };
  }

  /** What is asked of clients that get a certificate, as a text to compare; undefined when they are asked for nothing. */
  #policyOf([certificate]: Certificates): string | undefined {
    if (certificate === undefined) return undefined;
    const { mode, caFile, crlFile } = clientAuthOf(certificate, this.#tls);
    return mode === 'none' ? undefined : JSON.stringify([mode, caFile, crlFile]);
  }
}

/** What a listener does with a TLS connection for a host; undefined when it does not speak TLS. */
export function planTls(listener: Listener, host: string, files: ConfigFiles): TlsPlan | undefined {
  const { tls } = listener;
  if (tls === undefined) return undefined;
  // Only a listener in mode tcp passes what is TLS on to its own upstream.
  const { upstream, mode } = listener;
  const own = upstream === undefined || mode !== 'tcp' ? {} : { upstream };
  return new TlsPlan({ ...own, tls }, host, files);
}

/** The name that a client asks for; undefined for an IP address, which is no host name (RFC 6066, section 3). */
function askedName(host: string): string | undefined {
  const name = host.toLowerCase().replace(/\.$/, '');
  return name === '' || name.startsWith('[') || isIpAddress(name) ? undefined : name;
}

function tableOf(tls: ListenerTls, upstream: string | undefined): SniTable<Certificates> {
  const byName = new Map<string, TlsCertificate[]>();
  for (const certificate of tls.certificates)
    for (const name of certificate.domains) byName.set(name, [...(byName.get(name) ?? []), certificate]);
  const defaults = tls.certificates.filter((certificate) => certificate.default);
  return new SniTable<Certificates>({
    certificates: byName,
    defaultCertificate: defaults.length === 0 ? undefined : defaults,
    isStrict: tls.strict_sni,
    routes: tls.sni?.routes ?? [],
    defaultUpstream: tls.sni?.default,
    ownUpstream: upstream,
  });
}

function shownCertificate(
  { cert_file: file, domains }: TlsCertificate,
  host: string,
  files: ConfigFiles,
): ExplainedCertificate {
  try {
    const certificate = new X509Certificate(files.text(file));
    const expiresMs = Date.parse(certificate.validTo);
    const validity = {
      not_before: new Date(certificate.validFrom).toISOString(),
      not_after: new Date(expiresMs).toISOString(),
    };
    const daysLeft = Math.floor((expiresMs - Date.now()) / DAY_MS);
    const accepted = isIpAddress(host) ? certificate.checkIP(host) : certificate.checkHost(host);
    const isFor = host === '' ? {} : { is_for_host: accepted !== undefined };
    return { file, domains, ...isFor, ...validity, days_left: daysLeft };
  } catch (error) {
    return { file, domains, problem: messageOf(error) };
  }
}
