import { describe, expect, it } from 'vitest';

import type { FilterRequest, HttpFilter } from '../../../../src/plugin-api/index.ts';
import { filterLab, type FilterLab } from '../../../support/labs/filter-lab.ts';
import { fieldValues, readMessage, statusOf } from '../../../support/peers/http-message.ts';
import { ClaimedTlsLayer } from '../../../support/sockets/test-layers.ts';
import { peerCertificate, tlsSession } from '../../../support/tls-session.ts';

function get(host: string, fields = ''): string {
  return `GET / HTTP/1.1\r\nHost: ${host}\r\n${fields}\r\n`;
}

describe('a request over TLS', () => {
  it('tells the backend so', async () => {
    const layers = [new ClaimedTlsLayer(tlsSession())];
    const stage = await filterLab(() => [], { http: '{ forwarded: true }', layers });
    await stage.exchange(get('example.test', 'X-Forwarded-Proto: http\r\n'));
    const [seen] = stage.seen;
    expect(fieldValues(seen!, 'x-forwarded-proto')).toEqual(['https']);
    expect(fieldValues(seen!, 'x-forwarded-port')).toHaveLength(1);
    expect(fieldValues(seen!, 'forwarded')[0]).toMatch(/;proto=https$/);
  });

  it('is secure for filters, which see what TLS agreed on', async () => {
    const seen: unknown[] = [];
    const filter: HttpFilter = {
      name: 'look',
      request: (request: FilterRequest) => {
        seen.push([request.secure, request.tls?.version, request.tls?.certificate?.subject]);
        return undefined;
      },
    };
    const layer = new ClaimedTlsLayer(tlsSession({ certificate: peerCertificate() }));
    const stage = await filterLab(() => [filter], {
      http: '{ trusted_proxies: [127.0.0.1] }',
      layers: [layer],
    });
    await stage.exchange(get('example.test'));
    layer.session = undefined;
    await stage.exchange(get('example.test'));
    await stage.exchange(get('example.test', 'X-Forwarded-Proto: https\r\n'));
    expect(seen).toEqual([
      [true, 'TLSv1.3', 'CN=client,O=Example'],
      [false, undefined, undefined],
      [true, undefined, undefined],
    ]);
  });

  it('has variables in transforms', async () => {
    const value = '"${tls_version} ${tls_cipher} ${tls_sni} ${tls_client_subject} ${tls_client_fingerprint}"';
    const http = `{ transform: { request_headers: [{ action: set, name: X-TLS, value: ${value} }] } }`;
    const layer = new ClaimedTlsLayer(tlsSession({ certificate: peerCertificate() }));
    const stage = await filterLab(() => [], { http, layers: [layer] });
    await stage.exchange(get('example.test'));
    layer.session = undefined;
    await stage.exchange(get('example.test'));
    expect(stage.seen.map((message) => fieldValues(message, 'x-tls'))).toEqual([
      ['TLSv1.3 TLS_AES_128_GCM_SHA256 example.test CN=client,O=Example AA:BB:CC'],
      [''],
    ]);
  });

  it('is recorded with what TLS agreed on', async () => {
    const session = tlsSession();
    const stage = await filterLab(() => [], { layers: [new ClaimedTlsLayer(session)] });
    await stage.exchange(get('example.test'));
    await stage.exchange('GET / HTTP/9.9\r\n\r\n');
    expect(stage.records.map(({ tls }) => tls)).toEqual([session, session]);
  });
});

describe('a host with another certificate policy', () => {
  async function lab(asked: string[] = []): Promise<FilterLab> {
    const allowsHost = (host: string): boolean => {
      asked.push(host);
      return host !== 'admin.test';
    };
    const layers = [new ClaimedTlsLayer(tlsSession({ allowsHost }))];
    return filterLab(() => [], { http: '{ health_endpoint: /healthz }', layers });
  }

  it('is misdirected: 421, with the reason in log and record', async () => {
    const stage = await lab();
    const response = await stage.exchange(get('ADMIN.test.:8443'));
    expect(statusOf(response)).toBe(421);
    expect(response.body.toString()).toContain('this host needs a TLS connection of its own');
    expect(stage.seen).toEqual([]);
    expect(stage.records).toMatchObject([
      {
        status: 421,
        error: 'misdirected',
        host: 'ADMIN.test.:8443',
        refusal: { rule: 'misdirected', field: 'Host' },
      },
    ]);
  });

  it('leaves the connection to requests for its own host', async () => {
    const stage = await lab();
    const client = await stage.client();
    const statuses: number[] = [];
    for (const host of ['example.test', 'admin.test', 'example.test', 'unknown.test']) {
      client.send(get(host));
      statuses.push(statusOf(await readMessage(client)));
    }
    expect(statuses).toEqual([200, 421, 200, 200]);
  });

  it('is not asked about for the host that the handshake named', async () => {
    const asked: string[] = [];
    const stage = await lab(asked);
    await stage.exchange(get('Example.Test.'));
    await stage.exchange(get('[2001:DB8::1]:443'));
    await stage.exchange('GET / HTTP/1.0\r\n\r\n');
    await stage.exchange('GET https://admin.test/ HTTP/1.1\r\nHost: example.test\r\n\r\n');
    expect(asked).toEqual(['[2001:db8::1]', '', 'admin.test']);
  });
});
