import { describe, expect, it } from 'vitest';

import { ClientHelloReader } from '../../../../../src/net/tls/client-hello/client-hello-reader.ts';
import { ClientHello } from '../../../../../src/net/tls/client-hello/client-hello.ts';
import { clientOffer } from '../../../../../src/net/tls/terminate/client-offer.ts';
import { clientHelloBytes, type HelloSpec } from '../../../../support/tls/client-hello-bytes.ts';

function helloOf(spec: HelloSpec): ClientHello {
  const bytes = clientHelloBytes(spec);
  const hello = new ClientHelloReader().read(bytes, 0, bytes.length);
  if (hello instanceof ClientHello) return hello;
  throw new Error('no ClientHello');
}

describe('what a client offered', () => {
  it('is its versions, without meaningless ones, where no version is shared', () => {
    const offer = (spec: HelloSpec) => clientOffer(helloOf(spec), 'no_shared_version');
    expect(offer({ versions: [0x4a4a, 0x0304, 0x0303, 0x0302, 0x0301, 0x0300] })).toBe(
      'TLSv1.3, TLSv1.2, TLSv1.1, TLSv1, SSLv3',
    );
    expect(offer({ versions: [0x7f1c] })).toBe('0x7f1c');
    expect(offer({ bare: true, legacyVersion: 0x0301 })).toBe('TLSv1');
  });

  it('is its protocols, at most eight of them, where none is shared', () => {
    const offer = (...alpn: string[]) => clientOffer(helloOf({ alpn }), 'no_shared_protocol');
    expect(offer('h2', 'http/1.1')).toBe('h2, http/1.1');
    expect(offer(...'a b c d e f g h i j'.split(' '))).toBe('a, b, c, d, e, f, g, h and 2 more');
  });

  it('does not matter where the handshake failed for another reason', () => {
    expect(clientOffer(helloOf({ alpn: ['h2'] }), 'timeout')).toBeUndefined();
    expect(clientOffer(helloOf({ alpn: ['h2'] }), undefined)).toBeUndefined();
  });
});
