import type { HandshakeReason } from '../../../errors.ts';
import { shortList } from '../../short-list.ts';
import type { ClientHello } from '../client-hello/client-hello.ts';

const VERSION_NAMES: Readonly<Record<number, string>> = {
  0x0300: 'SSLv3',
  0x0301: 'TLSv1',
  0x0302: 'TLSv1.1',
  0x0303: 'TLSv1.2',
  0x0304: 'TLSv1.3',
};

/**
 * The versions that a client offered, when the proxy takes none of them, or its protocols (ALPN). Undefined when the handshake failed for
 * another reason.
 */
export function clientOffer(hello: ClientHello, reason: HandshakeReason | undefined): string | undefined {
  if (reason === 'no_shared_version') return shortList(hello.versions.filter(isNoGrease).map(versionName));
  return reason === 'no_shared_protocol' ? shortList(hello.alpn) : undefined;
}

/** Clients send meaningless numbers too, so that servers go on to skip what they do not know. Source: RFC 8701. */
function isNoGrease(version: number): boolean {
  return (version & 0x0f0f) !== 0x0a0a;
}

function versionName(version: number): string {
  return VERSION_NAMES[version] ?? `0x${version.toString(16).padStart(4, '0')}`;
}
