import { describe, expect, it } from 'vitest';

import { filterLab, type FilterLab } from '../../../support/labs/filter-lab.ts';
import { fieldValues, type Message } from '../../../support/peers/http-message.ts';
import { ClaimedTlsLayer } from '../../../support/sockets/test-layers.ts';
import { peerCertificate, tlsSession } from '../../../support/tls-session.ts';
import type { PeerCertificate } from '../../../../src/plugin-api/index.ts';

const HEADERS = `{ certificate: Client-Cert, subject: X-Client-Subject, issuer: X-Client-Issuer, serial: X-Client-Serial,
  fingerprint: X-Client-Fingerprint, not_after: X-Client-Not-After, verified: X-Client-Verified }`;
const NAMES = [
  'client-cert',
  'x-client-subject',
  'x-client-issuer',
  'x-client-serial',
  'x-client-fingerprint',
  'x-client-not-after',
  'x-client-verified',
];
const CONFIGURED = `client_certificate_headers: ${HEADERS}`;

/** What clients send that want to pass for another. */
const LIES = [
  ...NAMES.map((name) => `${name}: forged`),
  'X_Client_Subject: forged',
  'x.client.verified: forged',
  'X-CLIENT-SUBJECT: forged',
  'Client-Cert-Chain: forged',
];

function lab(certificate: PeerCertificate | undefined, http = `{ ${CONFIGURED} }`): Promise<FilterLab> {
  return filterLab(() => [], { http, layers: [new ClaimedTlsLayer(tlsSession({ certificate }))] });
}

function request(fields: readonly string[]): string {
  return `GET / HTTP/1.1\r\n${['Host: example.test', ...fields].join('\r\n')}\r\n\r\n`;
}

async function forwarded(stage: FilterLab, fields: readonly string[] = []): Promise<Message> {
  await stage.exchange(request(fields));
  return stage.seen.at(-1)!;
}

describe('the headers about a client certificate', () => {
  it('tell the backend what the config asks for', async () => {
    const seen = await forwarded(await lab(peerCertificate()));
    expect(NAMES.map((name) => fieldValues(seen, name))).toEqual([
      [`:${Buffer.from('the certificate').toString('base64')}:`],
      ['CN=client,O=Example'],
      ['CN=Example CA'],
      ['0A1B'],
      ['AABBCC'],
      ['2027-01-31T12:00:00Z'],
      ['true'],
    ]);
  });

  it('are not there by default', async () => {
    const seen = await forwarded(await lab(peerCertificate(), '{}'));
    expect(seen.lines.filter((line) => /client|example,/i.test(line))).toEqual([]);
  });

  it('say of an unverified certificate that it is none that counts', async () => {
    const seen = await forwarded(await lab(peerCertificate({ verified: false })));
    expect(fieldValues(seen, 'x-client-verified')).toEqual(['false']);
  });

  it('hold no line break, whatever the certificate says', async () => {
    const subject = 'CN=a\r\nX-Admin: yes\u2028\0,O="é"';
    const seen = await forwarded(await lab(peerCertificate({ subject })));
    expect(fieldValues(seen, 'x-client-subject')).toEqual([
      'CN=a\\0D\\0AX-Admin: yes\\E2\\80\\A8\\00,O="\\C3\\A9"',
    ]);
    expect(fieldValues(seen, 'x-admin')).toEqual([]);
  });

  it.each([
    ['over TLS with a certificate', peerCertificate(), []],
    ['over TLS without one', undefined, []],
    ['from a trusted proxy', undefined, ['trusted_proxies: [127.0.0.1]']],
    ['where other spellings are kept', undefined, ['underscore_headers: keep']],
    ['where nothing else is dropped', peerCertificate(), ['underscore_headers: keep']],
  ])('can not come from the client %s', async (_, certificate, options) => {
    const stage = await lab(certificate, `{ ${[CONFIGURED, ...options].join(', ')} }`);
    const seen = await forwarded(stage, LIES);
    expect(seen.lines.filter((line) => line.includes('forged'))).toEqual([]);
    expect(fieldValues(seen, 'x-client-subject')).toHaveLength(certificate === undefined ? 0 : 1);
  });

  it('can not come from a client on a plain connection, nor be named in Connection', async () => {
    const stage = await filterLab(() => [], { http: `{ ${CONFIGURED} }` });
    expect((await forwarded(stage, LIES)).lines.filter((line) => line.includes('forged'))).toEqual([]);
    const named = await lab(peerCertificate());
    const seen = await forwarded(named, ['Connection: X-Client-Subject']);
    expect(fieldValues(seen, 'x-client-subject')).toEqual(['CN=client,O=Example']);
  });

  it('can not come behind a body', async () => {
    const stage = await lab(undefined);
    const head =
      'POST / HTTP/1.1\r\nHost: example.test\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n';
    await stage.exchange(
      `${head}1\r\na\r\n0\r\nX-Client-Subject: forged\r\nx_client_verified: forged\r\nX-Sum: 1\r\n\r\n`,
    );
    const seen = stage.seen.at(-1)!;
    expect(seen.body.toString()).not.toContain('forged');
  });

  it('can not choose a route, nor what a balancer hashes', async () => {
    const route = '{ name: inner, upstream: other, headers: { X-Client-Verified: "true" } }';
    const stage = await lab(undefined, `{ ${CONFIGURED}, routes: [${route}] }`);
    await forwarded(stage, ['X-Client-Verified: true']);
    expect(stage.records.at(-1)).toMatchObject({ route: '', upstream: 'app' });
  });

  it('leave other fields as they are', async () => {
    const seen = await forwarded(await lab(undefined), ['X-Client-Subjects: a', 'X-Client-Subjec: b']);
    expect(fieldValues(seen, 'x-client-subjects')).toEqual(['a']);
    expect(fieldValues(seen, 'x-client-subjec')).toEqual(['b']);
  });
});
