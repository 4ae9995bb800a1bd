import type { HandshakeReason } from '../../../errors.ts';

const ANSWERS: Partial<Record<HandshakeReason, string>> = {
  certificate_missing: 'This server needs a client certificate, and none was sent.',
  certificate_unknown_ca:
    'The client certificate is not signed by an authority that this server trusts, or its chain is not complete.',
  certificate_expired: 'The client certificate, or one of its chain, has expired.',
  certificate_not_yet_valid: 'The client certificate, or one of its chain, is not valid yet.',
  certificate_revoked: 'The client certificate is revoked.',
  certificate_invalid:
    'The client certificate is not accepted: it is not one for clients, or its chain is not in order.',
  crl_unusable: 'The client certificate can not be checked: the list of revoked certificates is not valid.',
};

/**
 * Tells a client in plain words why its certificate is refused. It names no file and no authority of this server, and nothing of the
 * certificate.
 */
export function certificateAnswer(reason: HandshakeReason): string {
  return `${ANSWERS[reason] ?? 'The client certificate is not accepted.'}\n`;
}
