import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { answering, ok } from '../../support/peers/answering.ts';
import { backend } from '../../support/peers/backends.ts';
import { client } from '../../support/peers/clients.ts';
import { readMessage, statusOf } from '../../support/peers/http-message.ts';
import { eventually } from '../../support/time/eventually.ts';

/** A filter, and options that it takes. */
interface Candidate {
  readonly name: string;
  /** As JSON, without braces: `"allow": []`. */
  readonly options: string;
  /** Its file, unless it comes with the proxy. */
  readonly file?: string | URL;
}

const ROOT = new URL('../../../', import.meta.url);
/** A filter of your own: `FILTER=/path/to/it.mjs FILTER_NAME=budget FILTER_OPTIONS='"requests": 3' npx vitest run test/contract/filter`. */
const { FILTER: file, FILTER_NAME: name = '', FILTER_OPTIONS: options = '' } = process.env;
const CANDIDATES: readonly Candidate[] = [
  { name: 'cors', options: '"origins": ["https://a.test"], "credentials": true' },
  { name: 'address-list', options: '"deny": ["192.0.2.0/24"]' },
  { name: 'security-headers', options: '"hsts": {}' },
  { name: 'compress', options: '"types": ["*"], "min_size": "0B"' },
  { name: 'budget', options: '"requests": 1000', file: new URL('config/plugins/budget.mjs', ROOT) },
  ...(file === undefined ? [] : [{ name, options, file }]),
];
const REQUESTS: readonly (readonly [string, string])[] = [
  ['GET', 'GET /a?b=1 HTTP/1.1\r\nHost: a.test\r\n\r\n'],
  ['HEAD', 'HEAD /a HTTP/1.1\r\nHost: a.test\r\n\r\n'],
  ['OPTIONS', 'OPTIONS * HTTP/1.1\r\nHost: a.test\r\n\r\n'],
  ['POST', 'POST /a HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\n\r\nbody'],
  ['POST', 'POST /a HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n'],
];

async function lab({ name: use, options: given, file: own }: Candidate): Promise<{
  proxy: LabProxy;
  yaml: (note: string) => string;
}> {
  const { address } = await backend(
    answering(({ startLine }) => ok(startLine.startsWith('HEAD') ? '' : 'answer')),
  );
  const entry = `{ "use": "${use}"${given === '' ? '' : `, ${given}`} }`;
  const yaml = (note: string): string => `
mode: http
listen: '127.0.0.1:0'
backends: [{ address: '${address}' }]
http: { filters: [${entry}], via: '${note}' }
plugins: { directory: plugins }
`;
  const files = own === undefined ? {} : { 'plugins/own.mjs': readFileSync(own, 'utf8') };
  return { proxy: await labProxy(yaml('first'), files), yaml };
}

async function failures(proxy: LabProxy): Promise<string[]> {
  return (await proxy.log()).split('\n').filter((line) => line.includes('Filter failed'));
}

describe.each(CANDIDATES)('the filter $name', (candidate) => {
  it('gives each request of a connection exactly one response, in order', async () => {
    const { proxy } = await lab(candidate);
    const socket = await client(proxy.address());
    socket.send(REQUESTS.map(([, request]) => request).join(''));
    for (const [method] of REQUESTS) {
      const status = statusOf(await readMessage(socket, { noBody: method === 'HEAD' }));
      expect(status).toBeGreaterThanOrEqual(200);
      expect(status).not.toBe(500);
    }
    expect(socket.received.length).toBe(0);
    expect(await failures(proxy)).toEqual([]);
  });

  it('does not mind clients that leave at any moment', async () => {
    const { proxy } = await lab(candidate);
    for (const [, request] of REQUESTS) {
      for (const part of [request, request.slice(0, -3)]) {
        const socket = await client(proxy.address());
        socket.send(part);
        socket.close();
      }
    }
    const response = await fetch(`http://${proxy.address()}/`);
    expect(response.status).not.toBe(500);
    expect(await failures(proxy)).toEqual([]);
  });

  it('leaves no timer behind when it was replaced many times', async () => {
    const { proxy, yaml } = await lab(candidate);
    const timers = (): number =>
      process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    await proxy.change(yaml('warm'));
    await fetch(`http://${proxy.address()}/`);
    const before = timers();
    for (let edit = 0; edit < 10; edit++) await proxy.change(yaml(`edit-${String(edit)}`));
    await eventually(() => timers() < before + 8 || undefined, 'timers end with their filters');
  });
});
