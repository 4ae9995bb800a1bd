import { describe, expect, it } from 'vitest';

import { deadAddress } from '../../support/addresses/dead-address.ts';
import { buildProgram } from '../../support/labs/built-program.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { ask } from '../../support/labs/say-plugin.ts';
import { answering, ok } from '../../support/peers/answering.ts';
import { backend, naming } from '../../support/peers/backends.ts';
import { eventually } from '../../support/time/eventually.ts';
import { connectionAt, ODD_PLUGIN } from '../../support/workers/odd-plugin.ts';

const PANIC = 'too few backends are healthy';
const CALM = 'enough backends are healthy';

function yaml(
  workers: number,
  backends: readonly string[],
  check = 'type: tcp, interval: 50ms',
  more = '',
): string {
  const list = backends.map((address, at) => `{ name: b${at}, address: '${address}' }`).join(', ');
  return `
workers: ${workers}
listeners:
  - { name: odd, listen: '127.0.0.1:0', mode: odd }
  - { name: web, listen: '127.0.0.1:0', mode: http, upstream: app }
  ${more}
upstreams:
  - name: app
    backends: [${list}]
    health_check: { unhealthy_threshold: 1, healthy_threshold: 1, timeout: 1s, ${check} }
    outlier_detection: { panic_threshold: 50 }
plugins: { directory: plugins }
admin: { listen: '127.0.0.1:0' }
reload: { watch: false }
`;
}

const started = (config: string): Promise<LabProxy> => labProxy(config, { 'plugins/odd.mjs': ODD_PLUGIN });

/** What the log says of panics. */
async function told(proxy: LabProxy): Promise<readonly string[]> {
  const lines = (await proxy.log()).split('\n');
  return lines.flatMap((line) => [PANIC, CALM].filter((text) => line.includes(text)));
}

/** Whether each worker ignores the health of the upstream: one of them answers. */
async function untilPanics(proxy: LabProxy): Promise<void> {
  await eventually(async () => {
    const page = await fetch(`http://${proxy.adminAddress}/backends`);
    const { backends } = (await page.json()) as { backends: { upstreams: { health_ignored: boolean }[] }[] };
    return backends.every(({ upstreams }) => upstreams.every((one) => one.health_ignored));
  }, 'health is ignored');
}

buildProgram();

describe.each([1, 2])('a panic with %i workers', { timeout: 60_000 }, (workers) => {
  it('is told once, whatever edits change about the checks', async () => {
    const dead = [await deadAddress(), await deadAddress()];
    const proxy = await started(yaml(workers, dead));
    await proxy.untilLogged(PANIC);
    for (const check of [
      'type: tcp, interval: 60ms',
      'path: /up, interval: 70ms',
      'type: tcp, interval: 80ms, initial_state: up',
    ]) {
      await proxy.change(yaml(workers, dead, check));
      await untilPanics(proxy);
    }
    const server = await backend(naming('b'));
    await proxy.change(yaml(workers, [server.address, server.address]));
    await proxy.untilLogged(CALM);
    expect(await told(proxy)).toEqual([PANIC, CALM]);
  });

  it('is none where an operator keeps requests from the backends', async () => {
    const server = await backend(answering(() => ok()));
    const proxy = await started(yaml(workers, [server.address, server.address, server.address]));
    const say = (name: string, word: string): Promise<Response> =>
      fetch(`http://${proxy.adminAddress}/backends/${name}/${word}`, { method: 'POST' });
    for (const name of ['b0', 'b1']) expect((await say(name, 'unhealthy')).status).toBe(200);
    expect((await fetch(`http://${proxy.address('web')}/`)).status).toBe(200);
    await say('b2', 'disable');
    await eventually(
      async () => (await fetch(`http://${proxy.address('web')}/`)).status === 503,
      'no backend gets requests',
    );
    expect(await told(proxy)).toEqual([]);
  });

  it('is not told to be over by an edit that is refused', async () => {
    const dead = [await deadAddress(), await deadAddress()];
    const proxy = await started(yaml(workers, dead));
    await proxy.untilLogged(PANIC);
    const server = await backend(naming('b'));
    // Its backends would be well, but the address of the listener is another program's.
    const taken = `- { name: taken, listen: '${server.address}', mode: http, upstream: app }`;
    const refused = await proxy.edit(yaml(workers, [server.address, server.address], undefined, taken));
    expect(refused.ok).toBe(false);
    expect(await told(proxy)).toEqual([PANIC]);
  });
});

it(
  'a worker that is replaced within a panic does not tell that it is over',
  { timeout: 60_000 },
  async () => {
    const dead = [await deadAddress(), await deadAddress()];
    const proxy = await started(yaml(2, dead));
    await proxy.untilLogged(PANIC);
    await untilPanics(proxy);
    await ask(await connectionAt(proxy, 2), 'exit');
    await proxy.untilLogged('worker serves again');
    await untilPanics(proxy);
    expect(await told(proxy)).toEqual([PANIC]);
  },
);
