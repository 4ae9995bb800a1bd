import { expect, it } from 'vitest';

import { buildProgram } from '../../support/labs/built-program.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { answering, ok } from '../../support/peers/answering.ts';
import { backend } from '../../support/peers/backends.ts';
import { client } from '../../support/peers/clients.ts';
import { get } from '../../support/peers/http-talk.ts';
import { eventually } from '../../support/time/eventually.ts';
import { connectionAt, marks, ODD_PLUGIN } from '../../support/workers/odd-plugin.ts';

buildProgram();

async function config(): Promise<string> {
  const names = ['a', 'b', 'c'];
  const addresses = await Promise.all(
    names.map(async (name) => (await backend(answering(() => ok(name)))).address),
  );
  return `
workers: 2
listeners:
  - { name: odd, listen: '127.0.0.1:0', mode: odd, options: { mark: a } }
  - { name: web, listen: '127.0.0.1:0', mode: http, upstream: app }
upstreams:
  - name: app
    backends: [${names.map((name, at) => `{ name: ${name}, address: '${addresses[at]!}' }`).join(', ')}]
    sticky: { type: header, name: X-Device }
plugins: { directory: plugins }
reload: { watch: false }
admin: { listen: '127.0.0.1:0' }
logging: { format: json }
`;
}

async function homes(proxy: LabProxy): Promise<string[]> {
  const found: string[] = [];
  for (let device = 0; device < 20; device++) {
    const socket = await client(proxy.address('web'));
    found.push((await get(socket, '/', `X-Device: ${String(device)}\r\n`)).body);
    socket.end();
  }
  return found;
}

it('workers that take the places of others find the table of clients as it was', async () => {
  const proxy = await labProxy(await config(), { 'plugins/odd.mjs': ODD_PLUGIN });
  const before = await homes(proxy);
  expect(new Set(before)).toEqual(new Set(['a', 'b', 'c']));
  for (const worker of [1, 2]) {
    (await connectionAt(proxy, worker)).send('exit');
    await eventually(
      async () => (await proxy.log()).split('worker serves again').length === worker + 1,
      `worker ${String(worker)} was replaced`,
    );
  }
  await marks(proxy);
  expect(await homes(proxy)).toEqual(before);
  const answer = await fetch(`http://${proxy.adminAddress}/backends`);
  expect(await answer.json()).toMatchObject({
    upstreams: [{ name: 'app', health_ignored: null, clients: { used: 20, forgotten_total: 0 } }],
  });
});
