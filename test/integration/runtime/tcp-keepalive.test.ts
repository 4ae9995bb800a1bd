import { describe, expect, it } from 'vitest';

import { answering, ok } from '../../support/peers/answering.ts';
import { backend, echoing } from '../../support/peers/backends.ts';
import { client } from '../../support/peers/clients.ts';
import { eventually } from '../../support/time/eventually.ts';
import { get } from '../../support/peers/http-talk.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { systemSockets, type SystemSocket } from '../../support/sockets/system-sockets.ts';

function portOf(address: string): number {
  return Number(address.split(':').at(-1));
}

/** The proxy's end of a connection, once nothing is on its way there: then no other timer runs. */
async function quiet(matches: (socket: SystemSocket) => boolean, isProbed: boolean): Promise<SystemSocket> {
  return eventually(
    async () =>
      (await systemSockets()).find(
        (socket) => matches(socket) && (socket.probedInMs !== undefined) === isProbed,
      ),
    'the system shows the connection',
  );
}

interface Ends {
  readonly client: SystemSocket;
  readonly backend: SystemSocket;
}

/** The proxy's ends of a connection that came from that port, and of the only one to the backend. */
async function endsOf(
  proxy: LabProxy,
  clientPort: number,
  backendPort: number,
  isProbed: boolean,
): Promise<Ends> {
  const port = portOf(proxy.address());
  return {
    client: await quiet(
      ({ localPort, remotePort }) => localPort === port && remotePort === clientPort,
      isProbed,
    ),
    backend: await quiet(({ remotePort }) => remotePort === backendPort, isProbed),
  };
}

function expectProbed({ client, backend }: Ends, afterMs: number): void {
  for (const { probedInMs = 0 } of [client, backend]) {
    expect(probedInMs).toBeGreaterThan(afterMs - 30_000);
    expect(probedInMs).toBeLessThanOrEqual(afterMs);
  }
}

describe.each([
  ['http', 'a kept connection'],
  ['tcp', 'a tunnel'],
])('in mode %s the system probes the peers of %s that are silent', (mode) => {
  const yaml = (address: string, more = ''): string =>
    `mode: ${mode}\nlisten: "127.0.0.1:0"\nbackends: [{ address: "${address}" }]\n${more}`;

  async function connection(proxy: LabProxy) {
    const socket = await client(proxy.address());
    if (mode === 'http') {
      expect((await get(socket)).status).toBe(200);
    } else {
      socket.send('hello');
      await socket.untilText('hello');
    }
    return socket;
  }

  it('after a minute when the config says nothing, and else after what it says', async () => {
    const { address } = await backend(mode === 'http' ? answering(() => ok()) : echoing());
    const proxy = await labProxy(yaml(address));
    const first = await connection(proxy);
    expectProbed(await endsOf(proxy, first.socket.localPort ?? 0, portOf(address), true), 60_000);
    first.close();

    await proxy.change(yaml(address, 'tcp_keepalive: 10m\n'));
    const second = await connection(proxy);
    await eventually(
      async () =>
        (await systemSockets()).filter(({ remotePort }) => remotePort === portOf(address)).length === 1,
      'the first connection to the backend is closed',
    );
    expectProbed(await endsOf(proxy, second.socket.localPort ?? 0, portOf(address), true), 600_000);
  });

  it('not at all where it says 0', async () => {
    const { address } = await backend(mode === 'http' ? answering(() => ok()) : echoing());
    const proxy = await labProxy(yaml(address, 'tcp_keepalive: 0\n'));
    const socket = await connection(proxy);
    const ends = await endsOf(proxy, socket.socket.localPort ?? 0, portOf(address), false);
    expect([ends.client.probedInMs, ends.backend.probedInMs]).toEqual([undefined, undefined]);
  });
});

it('a listener and an upstream each have their own time', async () => {
  const { address } = await backend(answering(() => ok()));
  const proxy = await labProxy(`
listeners: [{ listen: "127.0.0.1:0", upstream: up, tcp_keepalive: 20m }]
upstreams: [{ name: up, backends: [{ address: "${address}" }], tcp_keepalive: 5m }]
`);
  const socket = await client(proxy.address());
  expect((await get(socket)).status).toBe(200);
  const ends = await endsOf(proxy, socket.socket.localPort ?? 0, portOf(address), true);
  expect(Math.ceil((ends.client.probedInMs ?? 0) / 60_000)).toBe(20);
  expect(Math.ceil((ends.backend.probedInMs ?? 0) / 60_000)).toBe(5);
});
