import { describe, expect, it } from 'vitest';

import { buildProgram } from '../../support/labs/built-program.ts';
import { labProxy } from '../../support/labs/lab-proxy.ts';
import { answering, ok } from '../../support/peers/answering.ts';
import { backend } from '../../support/peers/backends.ts';
import { client } from '../../support/peers/clients.ts';
import { fieldValues, readMessage, statusOf } from '../../support/peers/http-message.ts';
import { eventually } from '../../support/time/eventually.ts';
import { writeInto } from '../../support/write-into.ts';

const WHERE = (version: string): string => `
import { workerData } from 'node:worker_threads';
export default {
  apiVersion: 2,
  kind: 'http-filter',
  name: 'where',
  configSchema: { type: 'object', properties: { wait: { type: 'string', format: 'duration', default: '1ms' } } },
  provision: ({ wait }, host) => ({
    request: () => new Promise((resolve) => host.timer(wait, () => resolve(undefined))),
    response: (response) => response.setHeader('X-Where', '${version} ' + (workerData?.index ?? -1) + ' of ' + host.workers),
  }),
};
`;
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

buildProgram();

describe('with two workers, a filter of a plugin', () => {
  it('serves in both, with the defaults of its schema, and is replaced in both without a failed request', async () => {
    const { address } = await backend(answering(() => ok('answer')));
    const yaml = `
workers: 2
mode: http
listen: '127.0.0.1:0'
backends: [{ address: '${address}' }]
http: { filters: [{ use: where }, { use: address-list, deny: [192.0.2.0/24] }] }
plugins: { directory: plugins }
reload: { debounce: 10ms, poll_interval: 200ms }
`;
    const proxy = await labProxy(yaml, { 'plugins/where.mjs': WHERE('v1') });
    const ask = async (): Promise<string> => {
      const socket = await client(proxy.address());
      socket.send(GET);
      const message = await readMessage(socket);
      socket.close();
      expect(statusOf(message)).toBe(200);
      return fieldValues(message, 'x-where').join();
    };
    for (const version of ['v1', 'v2']) {
      if (version !== 'v1') await writeInto(proxy.directory, { 'plugins/where.mjs': WHERE(version) });
      const seen = new Set<string>();
      await eventually(async () => {
        for (const place of await Promise.all(Array.from({ length: 8 }, ask))) seen.add(place);
        return [0, 1].every((worker) => seen.has(`${version} ${String(worker)} of 2`)) || undefined;
      }, `${version} serves in both`);
    }
  });
});
