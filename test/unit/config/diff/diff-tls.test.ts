import { describe, expect, it } from 'vitest';

import { diffConfigs } from '../../../../src/config/diff/diff-configs.ts';
import { loadConfigText, rulesOf } from '../../../support/labs/load-config.ts';

const HANDSHAKES = 'counts for new handshakes; open connections stay';

function changes(before: string, after: string) {
  const [old, now] = [before, after].map(
    (text) => loadConfigText(text, 'test.yaml', { modes: ['http', 'tcp'] }).config,
  );
  return diffConfigs(old, now!, { rulesOf });
}

/** A listener with these keys of `tls`, and three upstreams. */
function listener(tls: string): string {
  return `
listeners: [{ name: edge, listen: '127.0.0.1:8443', mode: tcp, upstream: own${tls === '' ? '' : `, tls: { ${tls} }`} }]
upstreams:
  - { name: own, backends: [{ name: a, address: '127.0.0.1:1' }] }
  - { name: one, backends: [{ name: b, address: '127.0.0.1:2' }] }
  - { name: two, backends: [{ name: c, address: '127.0.0.1:3' }] }
`;
}

const SITE = '{ cert_file: site.crt, key_file: site.key, domains: [a.example, b.example] }';
const SHOP = '{ cert_file: shop.crt, key_file: shop.key, domains: [shop.example] }';

function listenerWords(before: string, after: string): string[] {
  const found = changes(listener(before), listener(after)).filter(({ path }) => path.startsWith('listeners'));
  return found.map(({ summary, note }) => {
    expect(note).toBe(summary.endsWith('order') ? undefined : HANDSHAKES);
    return summary;
  });
}

describe('an edit of the TLS of a listener', () => {
  it('names the TLS names that are passed on, no longer passed on, and passed on to another upstream', () => {
    const found = changes(
      listener(
        "sni: { routes: { old.example: one, same.example: one, '*.all.example': one }, default: one }",
      ),
      listener(
        "sni: { routes: { new.example: two, same.example: one, '*.all.example': two }, default: two }",
      ),
    );
    expect(found.map(({ kind, path, summary }) => [kind, path, summary])).toEqual([
      [
        'removed',
        'listeners[edge].tls.sni.routes[old.example]',
        'listener edge: name old.example is no longer passed on (went to upstream one)',
      ],
      [
        'added',
        'listeners[edge].tls.sni.routes[new.example]',
        'listener edge: name new.example is now passed on undecrypted, to upstream two',
      ],
      [
        'changed',
        'listeners[edge].tls.sni.routes[*.all.example].upstream',
        'listener edge: name *.all.example: now goes to upstream two (went to upstream one)',
      ],
      [
        'changed',
        'listeners[edge].tls.sni.default',
        'listener edge: names without a route now go to upstream two (went to upstream one)',
      ],
    ]);
  });

  it('does not clip a long list of names, of which one changed', () => {
    const many = Array.from({ length: 200 }, (_, index) => `n${String(index)}.example: one`).join(', ');
    expect(
      listenerWords(
        `sni: { routes: { ${many} } }`,
        `sni: { routes: { ${many}, new.example: ['127.0.0.1:9'] } }`,
      ),
    ).toEqual([
      'listener edge: name new.example is now passed on undecrypted, to the addresses of its route',
    ]);
  });

  it('names certificates that come, go, or change', () => {
    expect(listenerWords(`certificates: [${SITE}]`, `certificates: [${SITE}, ${SHOP}]`)).toEqual([
      'listener edge: certificate shop.crt added: for shop.example',
    ]);
    expect(listenerWords(`certificates: [${SITE}, ${SHOP}]`, `certificates: [${SHOP}]`)).toEqual([
      'listener edge: certificate site.crt removed: was for a.example, b.example and as the default',
      'listener edge: certificate shop.crt: default false → true',
    ]);
    expect(
      listenerWords(`certificates: [${SITE}]`, `certificates: [${SITE.replace('b.example', 'c.example')}]`),
    ).toEqual(['listener edge: certificate site.crt: domains + c.example, - b.example']);
    expect(
      listenerWords(`certificates: [${SITE}]`, `certificates: [${SITE.replaceAll('site', 'new')}]`),
    ).toEqual([
      'listener edge: certificate new.crt: cert_file site.crt → new.crt',
      'listener edge: certificate new.crt: key_file site.key → new.key',
    ]);
    expect(listenerWords(`certificates: [${SITE}, ${SHOP}]`, `certificates: [${SHOP}, ${SITE}]`)).toEqual([
      'listener edge: certificate shop.crt: default false → true',
      'listener edge: certificate site.crt: default true → false',
      'listener edge: certificates in another order',
    ]);
  });

  it('tells the rule for clients before and after, for all and for one certificate', () => {
    const rule = 'client_auth: require-and-verify, client_ca_file: ca.crt';
    expect(listenerWords(`certificates: [${SITE}]`, `certificates: [${SITE}], ${rule}`)).toEqual([
      'listener edge: tls.client_auth none → require-and-verify: clients must show a certificate that an authority of ca.crt signed',
      'listener edge: tls.client_ca_file ca.crt (was not set)',
    ]);
    const loose = SITE.replace('}', ', client_auth: request }');
    expect(listenerWords(`certificates: [${SITE}], ${rule}`, `certificates: [${loose}], ${rule}`)).toEqual([
      'listener edge: certificate site.crt: client_auth request (was not set): clients are asked for a certificate, and any one or none will do',
    ]);
    expect(listenerWords(`certificates: [${loose}], ${rule}`, `certificates: [${SITE}], ${rule}`)).toEqual([
      'listener edge: certificate site.crt: client_auth no longer set (was request): clients must show a certificate that an authority of ca.crt signed',
    ]);
  });

  it('says what TLS does when it is turned on, and what its end means', () => {
    const all = `certificates: [${SITE}], client_auth: require, sni: { routes: { p.example: one }, default: two }`;
    expect(changes(listener(''), listener(all)).map(({ summary }) => summary)).toEqual([
      'listener edge: tls added: decrypts with site.crt for a.example, b.example; clients must show a certificate, and it is not verified; ' +
        'passes on p.example to upstream one; passes all other names on to upstream two',
    ]);
    expect(
      changes(listener(all), listener('')).map(({ kind, path, summary, note }) => [
        kind,
        path,
        summary,
        note,
      ]),
    ).toEqual([
      [
        'removed',
        'listeners[edge].tls',
        'listener edge: tls removed: connections are not encrypted any more',
        'counts for new connections; open ones stay encrypted',
      ],
    ]);
  });
});

describe('an edit of the TLS to backends', () => {
  const upstream = (tls: string): string => `
listeners: [{ name: web, listen: '127.0.0.1:8080', mode: http, upstream: api }]
upstreams: [{ name: api, backends: [{ name: a, address: '127.0.0.1:1' }]${tls === '' ? '' : `, tls: ${tls}`} }]
`;
  const words = (before: string, after: string): string[] =>
    changes(upstream(before), upstream(after)).map(({ effect, summary }) => {
      expect(effect).toBe('drains');
      return summary;
    });

  it('says whom the proxy trusts from now on', () => {
    expect(words('', '{ server_name: api.example, ca_file: ca.crt }')).toEqual([
      'upstream api: tls added: backends must show a certificate for api.example that an authority of ca.crt signed',
    ]);
    expect(words('{ ca_file: ca.crt }', '{ ca_file: ca.crt, insecure_skip_verify: true }')).toEqual([
      'upstream api: tls.insecure_skip_verify false → true: the certificates of backends are not verified',
    ]);
    expect(words('{ insecure_skip_verify: true }', '{}')).toEqual([
      'upstream api: tls.insecure_skip_verify true → false: ' +
        'backends must show a certificate for the host of their address that an authority that the runtime trusts signed',
    ]);
    expect(words('{ ca_file: ca.crt }', '')).toEqual([
      'upstream api: tls removed: connections to backends are not encrypted any more',
    ]);
  });

  it('names other settings as they are called in the config', () => {
    const client = (name: string): string =>
      `{ client_cert_file: ${name}.crt, client_key_file: ${name}.key }`;
    expect(words(client('old'), client('new'))).toEqual([
      'upstream api: tls.client_cert_file old.crt → new.crt',
      'upstream api: tls.client_key_file old.key → new.key',
    ]);
  });
});
