import { describe, expect, it } from 'vitest';

import type { HttpFilter } from '../../../../src/plugin-api/index.ts';
import { filterLab, type FilterLab, type FilterLabOptions } from '../../../support/labs/filter-lab.ts';
import { ok } from '../../../support/peers/answering.ts';
import { fieldValues, statusOf } from '../../../support/peers/http-message.ts';
import { ClaimedTlsLayer } from '../../../support/sockets/test-layers.ts';
import { tlsSession } from '../../../support/tls-session.ts';

const YEAR = 'max-age=31536000';

/** A lab whose clients come over TLS. */
function lab(
  http: string,
  filters: readonly HttpFilter[] = [],
  options: FilterLabOptions = {},
): Promise<FilterLab> {
  return filterLab(() => filters, { http, layers: [new ClaimedTlsLayer(tlsSession())], ...options });
}

function get(host = 'example.test', path = '/', fields = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${fields}\r\n`;
}

async function fieldsOf(stage: FilterLab, request = get()): Promise<[status: number, values: string[]]> {
  const response = await stage.exchange(request);
  return [statusOf(response), fieldValues(response, 'strict-transport-security')];
}

describe('Strict-Transport-Security', () => {
  it.each([
    ['true', YEAR],
    ['{ max_age: 730d }', 'max-age=63072000'],
    ['{ max_age: 0s }', 'max-age=0'],
    ['{ include_subdomains: true }', `${YEAR}; includeSubDomains`],
    ['{ include_subdomains: true, preload: true }', `${YEAR}; includeSubDomains; preload`],
  ])('says with hsts: %s: %s', async (hsts, wanted) => {
    const stage = await lab(`{ hsts: ${hsts} }`);
    expect(await fieldsOf(stage)).toEqual([200, [wanted]]);
  });

  it('is only there on request', async () => {
    expect(await fieldsOf(await lab('{}'))).toEqual([200, []]);
    expect(await fieldsOf(await lab('{ hsts: false }'))).toEqual([200, []]);
  });

  it('goes over encrypted connections only, also behind a trusted proxy', async () => {
    expect(await fieldsOf(await lab('{ hsts: true }', [], { layers: [] }))).toEqual([200, []]);
    const claim = get('example.test', '/', 'X-Forwarded-Proto: https\r\n');
    expect(await fieldsOf(await lab('{ hsts: true }', [], { layers: [] }), claim)).toEqual([200, []]);
    const trusting = await lab('{ hsts: true, trusted_proxies: [127.0.0.1] }', [], { layers: [] });
    expect(await fieldsOf(trusting, claim)).toEqual([200, [YEAR]]);
    const plainAtTheEdge = await lab('{ hsts: true, trusted_proxies: [127.0.0.1] }');
    const plain = get('example.test', '/', 'X-Forwarded-Proto: http\r\n');
    expect(await fieldsOf(plainAtTheEdge, plain)).toEqual([200, []]);
  });

  it.each(['192.0.2.1', '192.0.2.1:8443', '[2001:db8::1]'])('is not for the address %s', async (host) => {
    expect(await fieldsOf(await lab('{ hsts: true }'), get(host))).toEqual([200, []]);
  });

  it("leaves a backend's own field alone, in any casing", async () => {
    const respond = () => ok('x', 'strict-Transport-security: max-age=5\r\n');
    expect(await fieldsOf(await lab('{ hsts: true }', [], { respond }))).toEqual([200, ['max-age=5']]);
  });

  it('leaves the last word to transforms', async () => {
    const transform = (change: string) => `{ hsts: true, transform: { response_headers: [${change}] } }`;
    const set = '{ action: set, name: strict-transport-security, value: max-age=7 }';
    const remove = '{ action: remove, name: Strict-Transport-Security }';
    expect(await fieldsOf(await lab(transform(set)))).toEqual([200, ['max-age=7']]);
    expect(await fieldsOf(await lab(transform(remove)))).toEqual([200, []]);
    const other = '{ action: set, name: X-Other, value: a }';
    expect(await fieldsOf(await lab(transform(other)))).toEqual([200, [YEAR]]);
  });

  it('is on error pages and on other answers of the proxy', async () => {
    const stage = await lab('{ hsts: true, health_endpoint: /healthz }');
    expect(await fieldsOf(stage, get('example.test', '/healthz'))).toEqual([200, [YEAR]]);
    expect(await fieldsOf(stage, 'CONNECT a:1 HTTP/1.1\r\nHost: example.test\r\n\r\n')).toEqual([405, []]);
    expect(await fieldsOf(stage, 'GET / HTTP/1.1\r\nHost: example.test\r\nBad Name: 1\r\n\r\n')).toEqual([
      400,
      [YEAR],
    ]);
  });

  it('is on the answers of filters, unless they have it themselves', async () => {
    const answering = (headers: Record<string, string>): HttpFilter => ({
      name: 'answer',
      request: () => ({ status: 403, headers }),
    });
    expect(await fieldsOf(await lab('{ hsts: true }', [answering({})]))).toEqual([403, [YEAR]]);
    const own = answering({ 'strict-transport-security': 'max-age=9' });
    expect(await fieldsOf(await lab('{ hsts: true }', [own]))).toEqual([403, ['max-age=9']]);
  });
});
