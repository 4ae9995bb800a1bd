import type { PeerCertificate } from 'node:tls';

import {
  BalanceError,
  handshakeReasonOf,
  handshakeReasonText,
  messageOf,
  type HandshakeReason,
} from '../../../errors.ts';
import { shortList } from '../../short-list.ts';
import type { ServerIdentity } from './server-identity.ts';

/** A handshake that failed. */
export interface FailedHandshake {
  /** The backend's address. */
  readonly address: string;
  readonly identity: ServerIdentity;
  /** The error of the socket, or of the check of the certificate. */
  readonly error: unknown;
  /** The certificate of the backend, if the handshake came that far. */
  readonly certificate: PeerCertificate | undefined;
}

/** A self-signed certificate needs other words than one of an unknown authority. */
const SELF_SIGNED = 'DEPTH_ZERO_SELF_SIGNED_CERT';

/** The error that says to an operator which backend it was, which name was expected, what the certificate says, and why it was not enough. */
export function handshakeError(failed: FailedHandshake): BalanceError {
  const { address, identity, error, certificate } = failed;
  const reason = handshakeReasonOf(error);
  const facts = [`TLS to ${address} failed: ${textOf(reason, error)}`];
  if (reason.startsWith('certificate_')) {
    facts.push(`expected name: ${identity.name}`);
    if (certificate !== undefined) facts.push(certificateText(certificate));
  } else if (identity.sni !== undefined) facts.push(`SNI: ${identity.sni}`);
  const detail = detailOf(error);
  if (detail !== '') facts.push(detail);
  return new BalanceError('backend_tls', facts.join('; '), { cause: error });
}

function textOf(reason: HandshakeReason, error: unknown): string {
  if (codeOf(error) === SELF_SIGNED)
    return "the backend's certificate is self-signed and not trusted: name it in tls.ca_file";
  return handshakeReasonText(reason, 'backend');
}

/** What the certificate says: its names, who issued it, and when it ends. */
function certificateText({
  subject,
  subjectaltname,
  issuer,
  valid_from: from,
  valid_to: to,
}: PeerCertificate): string {
  const names = (subjectaltname ?? '').split(', ').map((name) => name.replace(/^(DNS|IP Address):/, ''));
  const named = names.filter((name) => name !== '');
  const shown = named.length > 0 ? shortList(named) : nameOf(subject) || 'no name';
  return `its certificate is for ${shown}, issued by ${nameOf(issuer) || 'nobody who is named'}, valid from ${momentOf(from)} to ${momentOf(to)}`;
}

/** `Jan  1 05:02:53 2028 GMT` in the form that the rest of the log has. What is no time stays as it is: the backend chose it. */
function momentOf(text: string): string {
  const timeMs = Date.parse(text);
  return Number.isNaN(timeMs) ? text : new Date(timeMs).toISOString().replace('.000Z', 'Z');
}

type Name = PeerCertificate['subject'] | undefined;

function nameOf(name: Name): string {
  const { CN, O } = (name ?? {}) as { CN?: string | string[]; O?: string | string[] };
  return [CN ?? O ?? ''].flat().join(' ');
}

/** The code of OpenSSL or Node.js, and OpenSSL's words without the places in its source. */
function detailOf(error: unknown): string {
  const { code, reason } = (error ?? {}) as { code?: unknown; reason?: unknown };
  if (typeof reason === 'string' && typeof code === 'string' && code.startsWith('ERR_SSL_'))
    return `OpenSSL: ${reason}`;
  return typeof code === 'string' ? code : messageOf(error);
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | undefined)?.code;
}
