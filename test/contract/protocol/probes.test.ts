import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { buildProgram } from '../../support/labs/built-program.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { backend } from '../../support/peers/backends.ts';
import { client } from '../../support/peers/clients.ts';
import { eventually } from '../../support/time/eventually.ts';

buildProgram();

/** A plugin whose probe does something else for each upstream. */
const plugin = (probe: string): string => `export default {
  apiVersion: 2,
  name: 'asks',
  ${probe}
  provision() { throw new Error('it only checks backends'); },
};`;

const EACH = plugin(`probe({ channel, upstream, address, signal }) {
    switch (upstream) {
      case 'passes': return;
      case 'throws': throw new Error('out of ' + address.split(':')[0]);
      case 'rejects': return Promise.reject(new Error('no luck'));
      case 'no-error': return Promise.reject('just words');
      case 'hangs': return new Promise(() => undefined);
      case 'late': return new Promise((_, reject) => signal.addEventListener('abort', () => setTimeout(reject, 5, new Error('late'))));
      case 'leaves': channel.destroy(); return new Promise(() => undefined);
      case 'breaks': channel.destroy(new Error('broken by hand')); return new Promise(() => undefined);
      case 'reads': return (async () => {
        channel.write('hello');
        let answer = '';
        for await (const bytes of channel) answer += bytes;
        if (answer !== 'hello') throw new Error('it said ' + answer);
      })();
    }
  },`);

/** What each probe ends with: undefined for one that passes. */
const ENDS: Readonly<Record<string, string | undefined>> = {
  passes: undefined,
  reads: undefined,
  throws: 'asks: out of 127.0.0.1',
  rejects: 'asks: no luck',
  'no-error': 'asks: just words',
  hangs: 'no answer within 1s',
  late: 'no answer within 1s',
  leaves: 'the connection was closed before an answer came',
  breaks: 'broken by hand',
};

interface Shown {
  readonly name: string;
  readonly state: string;
  readonly checks?: unknown;
}

function yaml(address: string, workers: number, type = 'asks'): string {
  return `
workers: ${workers}
listeners:
${Object.keys(ENDS)
  .map((name) => `  - { name: ${name}, listen: '127.0.0.1:0', mode: tcp, upstream: ${name} }`)
  .join('\n')}
upstreams:
${Object.keys(ENDS)
  .map((name) => `  - { name: ${name}, backends: [{ name: ${name}, address: '${address}' }] }`)
  .join('\n')}
health_check: { type: ${type}, interval: 20ms, timeout: 1s, healthy_threshold: 1, unhealthy_threshold: 1 }
plugins: { directory: plugins }
reload: { watch: false }
admin: { listen: '127.0.0.1:0' }
`;
}

async function shown(proxy: LabProxy): Promise<readonly Shown[]> {
  const page = await fetch(`http://${proxy.adminAddress}/backends`);
  return ((await page.json()) as { backends: readonly Shown[] }).backends;
}

describe.each([1, 2])('probes of plugins with %i workers', (workers) => {
  it('a probe that throws, rejects, hangs or breaks its connection fails its own check with a reason, and holds up no other one', async () => {
    const { address } = await backend(({ socket }) => socket.on('data', (bytes) => socket.end(bytes)));
    const proxy = await labProxy(yaml(address, workers), { 'plugins/asks.mjs': EACH });
    for (const [name, reason] of Object.entries(ENDS)) {
      const state = reason === undefined ? 'healthy' : 'unhealthy';
      await eventually(
        async () => {
          const found = (await shown(proxy)).find((each) => each.name === name);
          return found?.state === state && (reason === undefined || JSON.stringify(found).includes(reason));
        },
        `${name} is ${state}: ${reason ?? 'no reason'}`,
      );
    }
    const socket = await client(proxy.address('passes'));
    socket.send('still there');
    await socket.untilText('still there');
  });

  it('a new version of the plugin does the next check, and one without a probe is refused while checks need it', async () => {
    const { address } = await backend(({ socket }) => socket.on('data', (bytes) => socket.end(bytes)));
    const proxy = await labProxy(yaml(address, workers), {
      'plugins/asks.mjs': plugin("probe() { throw new Error('version 1'); },"),
    });
    const file = join(proxy.directory, 'plugins/asks.mjs');
    const all = (text: string) => async () =>
      (await shown(proxy)).every((each) => JSON.stringify(each).includes(text));
    await eventually(all('asks: version 1'), 'the first version has failed all checks');
    await writeFile(file, plugin("probe() { throw new Error('version 2'); },"));
    expect(await proxy.app.reload()).toMatchObject({ ok: true });
    await eventually(all('asks: version 2'), 'the second version has failed all checks');
    await writeFile(file, plugin(''));
    await proxy.app.reload();
    await proxy.untilLogged(
      'health_check.type is \\"asks\\", but plugin asks can\'t check backends: it brings no probe',
    );
    await eventually(all('asks: version 2'), 'the second version still checks');
    await writeFile(file, plugin('probe() {},'));
    expect(await proxy.app.reload()).toMatchObject({ ok: true });
    await eventually(all('"healthy"'), 'the third version has passed all checks');
  });

  it('an edit that brings checks of a plugin, and the plugin with them, has them pass at once', async () => {
    const { address } = await backend();
    const proxy = await labProxy(yaml(address, workers, 'tcp'));
    await writeFile(join(proxy.directory, 'asks.mjs'), plugin('probe() {},'));
    const outcome = await proxy.edit(yaml(address, workers).replace('directory: plugins', "directory: '.'"));
    expect(outcome).toMatchObject({ ok: true });
    await eventually(
      async () => (await shown(proxy)).every(({ state }) => state === 'healthy'),
      'all are healthy',
    );
    expect(await proxy.log()).not.toContain('backend is unhealthy');
    const unknown = await proxy.edit(
      yaml(address, workers, 'ask').replace('directory: plugins', "directory: '.'"),
    );
    expect(unknown.message).toContain(
      'health_check.type is "ask", but must be one of tcp, http, https, asks; did you mean "asks"?',
    );
  });
});
