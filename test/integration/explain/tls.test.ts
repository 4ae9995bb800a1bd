import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it, onTestFinished } from 'vitest';

import { explanationText } from '../../../src/cli/offline/explanation-text.ts';
import type { Listener as ListenerConfig } from '../../../src/config/schema/config.generated.ts';
import { PluginLoader } from '../../../src/plugins/plugin-loader.ts';
import { chooseListener } from '../../../src/runtime/explain/choose-listener.ts';
import type { ExplainQuestion } from '../../../src/runtime/explain/explain-question.ts';
import type { Explanation } from '../../../src/runtime/explain/explanation.ts';
import { explain } from '../../../src/runtime/explain/explain.ts';
import { buildOffline } from '../../../src/runtime/explain/offline-plan.ts';
import { CertificateAuthority } from '../../support/certificates.ts';
import { loadConfig } from '../../support/labs/load-config.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';
import { writeInto } from '../../support/write-into.ts';

const YAML = `
admin: { listen: '127.0.0.1:9099' }
listeners:
  - name: plain
    listen: '127.0.0.1:8080'
    upstream: shop
    http: { redirect_https: { port: 8443 } }
  - name: secure
    listen: '127.0.0.1:8443'
    upstream: shop
    http:
      hsts: true
      transform: { request_headers: [{ action: set, name: X-SNI, value: '\${tls_sni}' }] }
    tls:
      certificates:
        - { cert_file: shop.crt, key_file: shop.key, domains: [shop.test, '*.shop.test'], default: true }
        - { cert_file: admin.crt, key_file: admin.key, domains: [admin.test], client_auth: require-and-verify, client_ca_file: ca.crt }
      sni: { routes: { inner.test: ['127.0.0.1:9443'] } }
  - name: strict
    listen: '127.0.0.1:9444'
    upstream: shop
    tls:
      certificates: [{ cert_file: shop.crt, key_file: shop.key, domains: [shop.test] }]
      strict_sni: true
      min_version: "1.3"
  - { name: onward, mode: http, listen: '127.0.0.1:8081', upstream: named }
  - { name: lenient, mode: tcp, listen: '127.0.0.1:8082', upstream: unverified }
upstreams:
  - { name: shop, backends: [{ name: one, address: '127.0.0.1:1' }] }
  - name: named
    backends: [{ address: '127.0.0.1:2' }]
    tls: { ca_file: ca.crt, server_name: shop.test, client_cert_file: shop.crt, client_key_file: shop.key }
  - { name: unverified, backends: [{ address: '127.0.0.1:3' }], tls: { insecure_skip_verify: true } }
`;

async function asked(question: ExplainQuestion): Promise<Explanation> {
  const directory = await mkdtemp(join(tmpdir(), 'balance-explain-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const ca = new CertificateAuthority();
  const shop = ca.issue({ names: ['shop.test', '*.shop.test'] });
  const admin = ca.issue({ names: ['admin.test'] });
  await writeInto(directory, {
    'balance.yaml': YAML,
    'ca.crt': ca.cert,
    'shop.crt': shop.cert,
    'shop.key': shop.key,
    'admin.crt': admin.cert,
    'admin.key': admin.key,
  });
  const logger = new RecordingLogger();
  const file = join(directory, 'balance.yaml');
  const plugins = await new PluginLoader(logger).loadFor(file);
  const plan = await buildOffline(await loadConfig(file, { modes: plugins.names }), plugins, logger);
  onTestFinished(() => {
    plan.close();
  });
  return explain(plan, question);
}

describe('an explanation of an https URL', () => {
  it('shows the certificate, its expiry and the versions, and what the backend and the client get', async () => {
    const explanation = await asked({ url: 'https://www.shop.test:8443/a' });
    const { listener, tls, forwarded, response } = explanation;
    expect(listener).toMatchObject({ name: 'secure', reason: 'listens on port 8443' });
    expect(tls).toMatchObject({
      sni: 'www.shop.test',
      decision: 'terminate',
      reason: 'a certificate is for *.shop.test',
      min_version: '1.2',
      max_version: '1.3',
      client_auth: 'none',
      certificates: [{ file: 'shop.crt', domains: ['shop.test', '*.shop.test'] }],
    });
    expect(Date.parse(tls?.certificates?.[0]?.not_after ?? '')).toBeGreaterThan(Date.now());
    expect(forwarded?.headers).toEqual(
      expect.arrayContaining([
        ['X-Forwarded-Proto', 'https'],
        ['X-SNI', 'www.shop.test'],
      ]),
    );
    expect(response).toEqual({ removed: [], added: [['Strict-Transport-Security', 'max-age=31536000']] });
    const text = explanationText(explanation);
    expect(text).toMatch(/^tls {8}www\.shop\.test: decrypted here: a certificate is for \*\.shop\.test$/m);
    expect(text).toMatch(
      /^ {11}shop\.crt \(shop\.test, \*\.shop\.test\): valid until \d{4}-\d\d-\d\d, \d+ days left$/m,
    );
    expect(text).toMatch(/^ {11}TLS 1\.2 to 1\.3$/m);
  });

  it.each([
    [-2, 300, /valid until \d{4}-\d\d-\d\d, 300 days left$/m],
    [-2, 1.5, /valid until \d{4}-\d\d-\d\d, 1 day left$/m],
    [-2, 0.5, /valid until \d{4}-\d\d-\d\d, less than a day left$/m],
    [-2, -0.5, /\): expired on \d{4}-\d\d-\d\d; clients refuse it$/m],
    [2, 300, /\): not valid before \d{4}-\d\d-\d\d; clients refuse it$/m],
  ])('says how long a certificate is valid: from day %d to day %d', async (from, to, line) => {
    const explanation = await asked({ url: 'https://www.shop.test:8443/' });
    const day = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();
    const { tls } = explanation;
    if (tls?.decision !== 'terminate') throw new Error('not decrypted');
    const certificates = (tls.certificates ?? []).map((certificate) => ({
      ...certificate,
      not_before: day(from),
      not_after: day(to),
      days_left: Math.floor(to),
    }));
    expect(explanationText({ ...explanation, tls: { ...tls, certificates } })).toMatch(line);
  });

  it('names the default certificate for other names, and for addresses, which no client asks for', async () => {
    const other = await asked({ url: 'https://other.test:8443/' });
    expect(other.tls).toMatchObject({
      sni: 'other.test',
      decision: 'terminate',
      reason: 'no certificate is for other.test, so it gets the default certificate',
    });
    const address = await asked({ url: 'https://127.0.0.1:8443/' });
    expect(address.tls).toMatchObject({
      reason: 'the client asks for no host name, so it gets the default certificate',
    });
    expect(address.tls).not.toHaveProperty('sni');
    expect(address.response).toBeUndefined();
  });

  it('says that clients refuse a certificate that is not for the host, and what clients must show', async () => {
    const other = await asked({ url: 'https://other.test:8443/' });
    expect(other.tls?.certificates).toMatchObject([{ file: 'shop.crt', is_for_host: false }]);
    expect(explanationText(other)).toMatch(
      /^ {11}shop\.crt .* days left; clients that check the name refuse it$/m,
    );
    const admin = await asked({ url: 'https://admin.test:8443/' });
    expect(admin.tls?.certificates).toMatchObject([{ file: 'admin.crt', is_for_host: true }]);
    const text = explanationText(admin);
    expect(text).toContain(
      'TLS 1.2 to 1.3; clients must show a certificate that an authority of ca.crt signed\n',
    );
    expect(text).toContain("note       what depends on the client's certificate is not shown");
    expect(text).not.toContain('refuse it');
  });

  it('takes the port of the admin server for no listener', async () => {
    await expect(asked({ url: 'https://shop.test:9099/' })).rejects.toThrow(
      'port 9099 is that of the admin server, which forwards nothing; to ask about a listener, name it',
    );
  });

  it('shows where a name is passed on undecrypted, and to which backend', async () => {
    const explanation = await asked({ url: 'https://inner.test:8443/a' });
    expect(explanation).toMatchObject({
      tls: { decision: 'pass', upstream: 'sni:inner.test', reason: 'tls.sni.routes has inner.test' },
      upstream: { name: 'sni:inner.test', backends: [{ address: '127.0.0.1:9443' }] },
      routes: [],
    });
    expect(explanation.forwarded).toBeUndefined();
    expect(explanationText(explanation)).toContain('inner.test: passed on undecrypted: tls.sni.routes has');
  });

  it('shows a name that is refused', async () => {
    const explanation = await asked({ url: 'https://other.test:9444/' });
    expect(explanation.tls).toEqual({
      sni: 'other.test',
      decision: 'refuse',
      reason: 'no certificate is for other.test, and strict_sni is set',
    });
    expect([explanation.answer, explanation.upstream]).toEqual([undefined, undefined]);
    const known = await asked({ url: 'https://shop.test:9444/' });
    expect(explanationText(known)).toMatch(/^ {11}TLS 1\.3$/m);
  });

  it('shows a host whose certificate policy is another one: 421', async () => {
    const headers = [['Host', 'admin.test']] as const;
    const explanation = await asked({ url: 'https://shop.test:8443/', headers });
    expect(explanation.answer).toEqual({
      status: 421,
      reason: 'this host needs a TLS connection of its own',
    });
    const direct = await asked({ url: 'https://admin.test:8443/' });
    expect(direct.tls?.client_auth).toBe('require-and-verify');
    expect(direct.answer).toBeUndefined();
  });
});

describe('the listener of an https URL without a port', () => {
  const speaker = (name: string, tls: object | undefined) => {
    const config = { name, ...(tls === undefined ? {} : { tls }) } as unknown as ListenerConfig;
    return { config, address: `127.0.0.1:${name.length === 5 ? '8080' : '8443'}` };
  };
  const URL_PARTS = { port: 443, authority: 'shop.test', isSecure: true };

  it('is the only one that speaks TLS', () => {
    const listeners = [speaker('plain', undefined), speaker('secure', {})];
    const { listener, reason } = chooseListener(listeners, URL_PARTS, undefined);
    expect([listener.config.name, reason]).toEqual([
      'secure',
      'the only one with TLS, though it is not on port 443',
    ]);
  });

  it('has to be named where several do', () => {
    const listeners = [speaker('plain', undefined), speaker('secure', {}), speaker('second', {})];
    expect(() => chooseListener(listeners, URL_PARTS, undefined)).toThrow('no listener has port 443');
  });
});

describe('an explanation of an http URL', () => {
  it('shows the redirect', async () => {
    const explanation = await asked({ url: 'http://shop.test:8080/a?b' });
    expect(explanation.answer).toEqual({
      status: 301,
      reason: 'redirect_https sends the client to https://shop.test:8443/a?b',
    });
    expect(explanation.tls).toBeUndefined();
  });

  it('shows that a TLS port answers 400', async () => {
    const explanation = await asked({ url: 'http://shop.test:8443/' });
    expect(explanation.answer?.status).toBe(400);
  });
});

describe('the upstream of a request', () => {
  it('shows which certificate its backends must have', async () => {
    const explanation = await asked({ url: 'http://127.0.0.1:8081/' });
    expect(explanation.upstream?.tls).toEqual({
      server_name: 'shop.test',
      verify: true,
      client_certificate: true,
      client_certificate_file: 'shop.crt',
    });
    expect(explanationText(explanation)).toContain(
      'over TLS: their certificate must be for shop.test; the proxy shows them shop.crt\n',
    );
  });

  it('shows that certificates are not verified, and nothing where backends get no TLS', async () => {
    expect(explanationText(await asked({ url: 'tcp://127.0.0.1:8082' }))).toContain(
      'over TLS: their certificates are not verified\n',
    );
    expect((await asked({ url: 'https://shop.test:8443/' })).upstream?.tls).toBeUndefined();
  });
});
