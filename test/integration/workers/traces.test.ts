import { expect, it } from 'vitest';

import { JaegerCollector } from '../../support/collectors/jaeger-collector.ts';
import type { CollectedSpan } from '../../support/collectors/trace-collector.ts';
import { buildProgram } from '../../support/labs/built-program.ts';
import { labProxy } from '../../support/labs/lab-proxy.ts';
import { owned } from '../../support/owned.ts';
import { askAdmin } from '../../support/peers/admin-client.ts';
import { backend } from '../../support/peers/backends.ts';
import { client } from '../../support/peers/clients.ts';
import { get, named } from '../../support/peers/http-talk.ts';
import { eventually } from '../../support/time/eventually.ts';

const CLIENTS = 12;

buildProgram();

it('the spans of all workers come from one instance of the service, also after an edit', async () => {
  const collector = owned(new JaegerCollector());
  await collector.listen();
  const { address } = await backend(named('one'));
  const yaml = (name: string): string => `
workers: 3
listeners: [{ name: web, listen: '127.0.0.1:0', upstream: api }]
upstreams: [{ name: api, backends: [{ name: b, address: '${address}' }] }]
tracing: { exporter: jaeger, endpoint: '${collector.endpoint}', service_name: ${name} }
admin: { listen: '127.0.0.1:0' }
reload: { watch: false }
`;
  const proxy = await labProxy(yaml('first'));
  const sockets = await Promise.all(Array.from({ length: CLIENTS }, () => client(proxy.address())));
  await Promise.all(sockets.map((socket) => get(socket)));
  const { connections } = (await askAdmin(proxy.adminAddress, '/connections')).json() as {
    connections: { worker: number }[];
  };
  expect(new Set(connections.map(({ worker }) => worker)).size).toBeGreaterThan(1);
  await proxy.edit(yaml('second'));
  await Promise.all(sockets.map((socket) => get(socket)));
  const roots = (service: string): CollectedSpan[] =>
    collector.spans.filter(
      ({ service: named, parentSpanId }) => named === service && /^0*$/.test(parentSpanId),
    );
  await eventually(
    () => Promise.resolve(['first', 'second'].every((service) => roots(service).length === CLIENTS)),
    'the spans of all requests have come',
  );
  const instances = new Set(collector.spans.map(({ tags }) => tags['service.instance.id']));
  expect(instances.size).toBe(1);
  expect([...instances][0]).toMatch(/^[0-9a-f-]{36}$/);
});
