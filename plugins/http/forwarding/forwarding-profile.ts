import { isIP } from 'node:net';

import type { Connection, PeerCertificate, TlsSession } from '../../../src/plugin-api/index.ts';
import { textOfBytes } from '../../../src/plugin-api/values/text-of-bytes.ts';
import { claimedAddress, claimedAddressIn, withoutZone } from './claimed-address.ts';
import { claimedScheme } from './claimed-scheme.ts';
import {
  ACCEPT,
  FORWARDED,
  REFERER,
  USER_AGENT,
  X_FORWARDED_FOR,
  X_FORWARDED_HOST,
  X_FORWARDED_PORT,
  X_FORWARDED_PROTO,
  X_REAL_IP,
  X_REQUEST_ID,
} from '../message/field-names.ts';
import type { UnreadRequest } from '../message/server-stream.ts';
import type { RequestHead } from '../message/message-head.ts';
import type { LoopMark } from './loop-mark.ts';
import type { TrustedProxies } from './trusted-proxies.ts';
import type { Via } from './via.ts';
import { LastValueCache } from './last-value-cache.ts';
import { hostName, isValidHost } from '../message/request-target.ts';

/** The form that the request id of a trusted peer must have to be used in logs and fields. */
const REQUEST_ID = /^[A-Za-z0-9._:=@/+-]{1,128}$/;

/** The settings of a listener that decide what the proxy tells backends about clients. */
export interface ForwardingSettings {
  readonly trusted: TrustedProxies;
  readonly via: Via;
  readonly loopMark: LoopMark;
  readonly options: { readonly forwarded: boolean };
  readonly https: { leaveAlone(tls: TlsSession | undefined): boolean };
  /** What backends are told about certificates of clients; undefined when they are told nothing. */
  readonly certificateHeaders: { lines(certificate: PeerCertificate | undefined): string } | undefined;
}

/** What the proxy tells the backend of one request about the client. */
export interface ClientFields {
  /** Field lines, each with its CRLF, Via and the loop mark included. The last line is X-Request-ID without a value: append the id. */
  readonly lines: string;
  /** The client's address for logs, templates and hashing. */
  readonly address: string;
  /** The request id that a trusted peer gave; undefined when a new one is needed. */
  readonly requestId: string | undefined;
}

/** A value of Host with everything that is derived from it. */
export interface KnownHost {
  readonly text: string;
  readonly isValid: boolean;
  /** Without port and in lower case: the form that routes compare. */
  readonly name: string;
  /** The fields for a client that is not trusted: the same for each of its requests with this Host. */
  readonly fields: ClientFields;
}

/** What the proxy tells backends about the client of one connection, by the config of one generation. */
export class ForwardingProfile {
  readonly instance: ForwardingSettings;
  /** Whether the peer is a trusted proxy, so that what it says about its client counts. */
  readonly isTrusted: boolean;
  /** What TLS agreed on with the peer; undefined when the connection is not encrypted. */
  readonly tls: TlsSession | undefined;
  /** True when no rule about HTTPS can concern the requests of this connection. */
  readonly isOrdinary: boolean;
  readonly #address: string;
  /** Whether the client's connection is encrypted, here or up to the proxy whose PROXY header says so. */
  readonly #isSecure: boolean;
  readonly #proto: string;
  readonly #port: string;
  /** The lines about the client's certificate, each with its CRLF; '' when there are none. */
  readonly #certificate: string;
  readonly #hosts = new LastValueCache((text) => this.host(text));
  readonly #accepts = new LastValueCache(namesJson);
  readonly #agents = new LastValueCache(textOfBytes);

  constructor(connection: Connection, instance: ForwardingSettings) {
    this.#address = withoutZone(connection.transport.peer.address);
    this.instance = instance;
    this.isTrusted = instance.trusted.has(this.#address);
    const { tls, proxy } = connection.transport;
    this.tls = tls;
    this.#isSecure = tls !== undefined || proxy?.ssl?.isTls === true;
    this.#proto = this.#isSecure ? 'https' : 'http';
    this.isOrdinary = instance.https.leaveAlone(this.tls);
    this.#certificate = instance.certificateHeaders?.lines(this.tls?.certificate) ?? '';
    const { port } = connection.transport.local;
    this.#port = port === 0 ? '' : String(port);
  }

  /** The Host of a request. */
  hostOf(head: RequestHead): KnownHost {
    return head.hostField < 0 ? this.host('') : this.#hosts.of(head, head.hostField);
  }

  /** The Host `text` that does not come from the field; '' for a request without a Host. */
  host(text: string): KnownHost {
    const fields = {
      lines: this.#lines(text, 1),
      address: this.#address,
      requestId: undefined,
    };
    return { text, isValid: isValidHost(text), name: hostName(text), fields };
  }

  /** Whether the client prefers errors as JSON. */
  wantsJson(head: RequestHead): boolean {
    const field = head.fieldWith(ACCEPT);
    return field >= 0 && this.#accepts.of(head, field);
  }

  /** The User-Agent for logs and spans; '' when there is none. */
  userAgent(head: RequestHead): string {
    const field = head.fieldWith(USER_AGENT);
    return field < 0 ? '' : this.#agents.of(head, field);
  }

  /** The Referer for logs; '' when there is none. */
  referer(head: RequestHead): string {
    const field = head.fieldWith(REFERER);
    return field < 0 ? '' : shownReferer(head.valueText(field));
  }

  /** Whether the client's connection is encrypted. Behind a trusted proxy: whether that proxy says so, if it says anything about it. */
  isSecure(head: RequestHead): boolean {
    const claimed = this.isTrusted ? claimedScheme(head, this.instance.trusted) : '';
    return claimed === '' ? this.#isSecure : claimed === 'https' || claimed === 'wss';
  }

  /** What the backend of a request is told. What a trusted peer said is kept and extended; what other peers said is replaced. */
  fields(head: RequestHead, host: KnownHost): ClientFields {
    if (this.isTrusted) return this.#extended(head, host.text);
    return head.minor === 1 ? host.fields : { ...host.fields, lines: this.#lines(host.text, head.minor) };
  }

  /** What logs show about the client when the head of the request is not complete. */
  claims(head: UnreadRequest): Pick<ClientFields, 'address' | 'requestId'> {
    const peer = this.#address;
    if (!this.isTrusted) return { address: peer, requestId: undefined };
    const client = this.#client(head.joined('x-forwarded-for'), head.joined('forwarded'));
    return { address: client ?? peer, requestId: soundId(head.joined('x-request-id')) };
  }

  #lines(host: string, minor: number): string {
    const address = this.#address;
    let lines = `X-Forwarded-For: ${address}\r\nX-Real-IP: ${address}\r\nX-Forwarded-Proto: ${this.#proto}\r\n`;
    if (host !== '') lines += `X-Forwarded-Host: ${host}\r\n`;
    if (this.#port !== '') lines += `X-Forwarded-Port: ${this.#port}\r\n`;
    if (this.instance.options.forwarded) lines += `Forwarded: ${this.#forwarded(host)}\r\n`;
    return this.#ended(lines, minor);
  }

  #extended(head: RequestHead, host: string): ClientFields {
    const peer = this.#address;
    const forwarded = head.joined(FORWARDED);
    const named = head.joined(X_FORWARDED_FOR);
    const client = this.#client(named, forwarded);
    // Some backends only read X-Forwarded-For: where only `Forwarded` names the client, the client is added there too.
    const before = named === '' ? (client ?? '') : named;
    const realIp = head.joined(X_REAL_IP) || (client ?? peer);
    const shownHost = head.joined(X_FORWARDED_HOST) || host;
    const port = head.joined(X_FORWARDED_PORT) || this.#port;
    let lines = `X-Forwarded-For: ${before === '' ? peer : `${before}, ${peer}`}\r\nX-Real-IP: ${realIp}\r\n`;
    lines += `X-Forwarded-Proto: ${head.joined(X_FORWARDED_PROTO) || this.#proto}\r\n`;
    if (shownHost !== '') lines += `X-Forwarded-Host: ${shownHost}\r\n`;
    if (port !== '') lines += `X-Forwarded-Port: ${port}\r\n`;
    const own = this.instance.options.forwarded ? this.#forwarded(host) : '';
    if (forwarded !== '' || own !== '')
      lines += `Forwarded: ${[forwarded, own].filter((part) => part !== '').join(', ')}\r\n`;
    const requestId = soundId(head.joined(X_REQUEST_ID));
    return { lines: this.#ended(lines, head.minor), address: client ?? peer, requestId };
  }

  /** The client that a trusted peer names in X-Forwarded-For or, where that is missing, in `Forwarded`; undefined when it names none. */
  #client(forwardedFor: string, forwarded: string): string | undefined {
    const { trusted } = this.instance;
    if (forwardedFor !== '') return trusted.clientOf(forwardedFor, claimedAddress);
    return forwarded === '' ? undefined : trusted.clientOf(forwarded, claimedAddressIn);
  }

  #ended(lines: string, minor: number): string {
    const { via, loopMark } = this.instance;
    return `${lines}${this.#certificate}${via.line(minor)}${loopMark.line}X-Request-ID: `;
  }

  /** RFC 7239 4 and 6: IPv6 addresses are bracketed and quoted, hosts are quoted where they are no token. */
  #forwarded(host: string): string {
    const address = this.#address;
    // A peer on a unix socket has no address.
    const from = address.includes(':') ? `"[${address}]"` : isIP(address) === 0 ? 'unknown' : address;
    const named = host === '' ? '' : `;host=${/^[\w.~-]+$/.test(host) ? host : `"${host}"`}`;
    return `for=${from}${named};proto=${this.#proto}`;
  }
}

function soundId(id: string): string | undefined {
  return REQUEST_ID.test(id) ? id : undefined;
}

function namesJson(accept: string): boolean {
  return /\bjson\b/i.test(accept);
}

/** A Referer for logs: without query, fragment and credentials. */
export function shownReferer(url: string): string {
  const place = url.slice(0, url.search(/[?#]|$/));
  return textOfBytes(place.replace(/^([^/]*\/\/)[^/]*@/, '$1'));
}
