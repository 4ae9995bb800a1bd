import { describe, expect, it } from 'vitest';

import {
  exchangeAttributes,
  tunnelAttributes,
} from '../../../../../src/telemetry/traces/spans/span-attributes.ts';
import { peerCertificate, tlsSession } from '../../../../support/tls-session.ts';
import { exchangeRecord, tunnelRecord } from '../../records.ts';

/** The attributes about TLS. */
function ofTls(attributes: object): object {
  return Object.fromEntries(
    Object.entries(attributes).filter(([name]) => name.startsWith('tls.') || name.includes('handshake')),
  );
}

describe('the span of a request', () => {
  it('says nothing of TLS where there is none', () => {
    const attributes = exchangeAttributes(exchangeRecord({ requestNumber: 1 }));
    expect(ofTls(attributes)).toEqual({});
    expect(attributes['url.scheme']).toBe('http');
  });

  it('says what TLS agreed on, by the names of the semantic conventions', () => {
    const attributes = exchangeAttributes(
      exchangeRecord({ tls: tlsSession({ handshakeMs: 3.14159 }), requestNumber: 1 }),
    );
    expect(ofTls(attributes)).toEqual({
      'tls.protocol.name': 'tls',
      'tls.protocol.version': '1.3',
      'tls.cipher': 'TLS_AES_128_GCM_SHA256',
      'tls.resumed': false,
      'tls.next_protocol': 'http/1.1',
      'tls.client.server_name': 'example.test',
      'balance.tls_handshake_ms': 3.142,
    });
    expect(attributes['url.scheme']).toBe('https');
  });

  it('leaves out what the client did not say, and names the certificate that it showed', () => {
    const tls = tlsSession({
      version: 'TLSv1.2',
      resumed: true,
      sni: undefined,
      alpn: undefined,
      certificate: peerCertificate(),
    });
    expect(ofTls(exchangeAttributes(exchangeRecord({ tls })))).toEqual({
      'tls.protocol.name': 'tls',
      'tls.protocol.version': '1.2',
      'tls.cipher': 'TLS_AES_128_GCM_SHA256',
      'tls.resumed': true,
      'tls.client.subject': 'CN=client,O=Example',
      'tls.client.issuer': 'CN=Example CA',
      'tls.client.hash.sha256': 'AABBCC',
    });
  });

  it.each([2, 17, undefined])('has no handshake when it is number %s of its connection', (requestNumber) => {
    const tls = tlsSession({ handshakeMs: 3 });
    const record = exchangeRecord({ tls, ...(requestNumber === undefined ? {} : { requestNumber }) });
    expect(exchangeAttributes(record)).not.toHaveProperty(['balance.tls_handshake_ms']);
  });

  it('limits what a client can make it hold', () => {
    const subject = `CN=${'x'.repeat(10_000)}`;
    const tls = tlsSession({ certificate: peerCertificate({ subject, issuer: subject }) });
    const attributes = exchangeAttributes(exchangeRecord({ tls }));
    expect(String(attributes['tls.client.subject'])).toHaveLength(2_048);
    expect(String(attributes['tls.client.issuer'])).toHaveLength(2_048);
  });
});

describe('the span of a tunnel', () => {
  it('has the handshake when the connection began with it', () => {
    const record = tunnelRecord({ tls: tlsSession({ handshakeMs: 2 }) });
    expect(tunnelAttributes(record, true)).toMatchObject({
      'tls.protocol.version': '1.3',
      'tls.client.server_name': 'example.test',
      'balance.tls_handshake_ms': 2,
    });
    expect(tunnelAttributes(record, false)).not.toHaveProperty(['balance.tls_handshake_ms']);
  });

  it('has the name alone of a connection that was passed on undecrypted', () => {
    expect(ofTls(tunnelAttributes(tunnelRecord({ sni: 'api.example' }), true))).toEqual({
      'tls.client.server_name': 'api.example',
    });
  });
});
