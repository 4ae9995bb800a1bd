import { describe, expect, it } from 'vitest';

import { answering } from '../../support/peers/answering.ts';
import { applyLab } from '../../support/labs/apply-lab.ts';
import { backend, echoing } from '../../support/peers/backends.ts';
import { client } from '../../support/peers/clients.ts';
import { eventually } from '../../support/time/eventually.ts';
import { get, named } from '../../support/peers/http-talk.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';

const ADMIN = `admin: { listen: '127.0.0.1:0' }\nlogging: { access_log: true, format: json }\n`;

/** Two listeners in mode tcp and one in mode http, each with an upstream of its own. */
async function scene() {
  const [one, two, other] = [
    await backend(echoing('one')),
    await backend(echoing('two')),
    await backend(echoing('other')),
  ];
  const begun = await backend(
    answering((_, connection) => {
      connection.send('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf');
      return undefined;
    }),
  );
  const yaml = (address: string, drain: string, read = '30s'): string => `
listeners:
  - { name: edited, listen: '127.0.0.1:0', mode: tcp, upstream: edited }
  - { name: other, listen: '127.0.0.1:0', mode: tcp, upstream: other }
  - { name: web, listen: '127.0.0.1:0', upstream: web }
upstreams:
  - { name: edited, backends: [{ name: e, address: '${address}' }] }
  - { name: other, backends: [{ name: o, address: '${other.address}' }] }
  - { name: web, backends: [{ name: w, address: '${begun.address}' }], timeouts: { read: ${read} } }
reload: { watch: false, drain_timeout: ${drain} }
${ADMIN}`;
  const proxy = await labProxy(yaml(one.address, '0'));
  const [edited, untouched, exchange] = [
    await client(proxy.address('edited')),
    await client(proxy.address('other')),
    await client(proxy.address('web')),
  ];
  await edited.untilText('one:');
  await untouched.untilText('other:');
  exchange.send('GET / HTTP/1.1\r\nHost: t\r\n\r\n');
  await exchange.untilText('half');
  return { proxy, yaml, one, two, edited, untouched, exchange };
}

async function draining(proxy: LabProxy): Promise<unknown> {
  return (await proxy.status())['draining'];
}

describe('what an edit replaced', () => {
  it('runs on for ever without a limit, and is seen with what holds it', async () => {
    const { proxy, yaml, two, edited, untouched, exchange } = await scene();
    await proxy.change(yaml(two.address, '0', '31s'));
    expect(await draining(proxy)).toMatchObject([
      {
        generation: 1,
        active: 2,
        cut_at: null,
        holds: [
          { listener: 'edited', protocol: 'tcp', kind: 'tunnel', upstream: 'edited', backend: 'e', count: 1 },
          { listener: 'web', protocol: 'http', kind: 'exchange', upstream: 'web', backend: 'w', count: 1 },
        ],
      },
    ]);
    for (const tunnel of [edited, untouched]) {
      tunnel.send('still');
      await tunnel.untilText('still');
    }
    exchange.close();
    edited.end();
    await edited.untilClosed();
    await eventually(async () => (await proxy.status())['draining_generations'] === 0, 'it is over');
    expect(untouched.ending).toBeUndefined();
  });

  it('is cut after drain_timeout, by a reset, and nothing else is', async () => {
    const { proxy, yaml, two, edited, untouched, exchange } = await scene();
    await proxy.change(yaml(two.address, '50ms', '31s'));
    expect(await edited.untilEnded()).toBe('reset');
    await exchange.untilEnded();
    expect(await proxy.untilLogged('drain took too long')).toMatch(/"generation":1,"connections":2/);
    await eventually(async () => (await proxy.status())['draining_generations'] === 0, 'it is over');
    untouched.send('still');
    await untouched.untilText('still');
    expect(await proxy.untilLogged('"error":"drain_timeout"')).toContain('drain_timeout');
    await (await client(proxy.address('edited'))).untilText('two:');
  });

  it('is cut as well when the limit comes with a later edit', async () => {
    const { proxy, yaml, two, edited, untouched } = await scene();
    await proxy.change(yaml(two.address, '0'));
    expect(await proxy.status()).toMatchObject({ draining_generations: 1 });
    await proxy.change(yaml(two.address, '20ms'));
    expect(await edited.untilEnded()).toBe('reset');
    untouched.send('still');
    await untouched.untilText('still');
  });
});

describe('many generations that drain at once', () => {
  it('hold little, cost requests nothing, and go one by one', async () => {
    const COUNT = 200;
    const lab = applyLab();
    const [raw, web] = [await backend(echoing('raw')), await backend(named('web'))];
    const yaml = (seconds: number): string => `
listeners:
  - { name: raw, listen: '127.0.0.1:0', mode: tcp, upstream: raw }
  - { name: web, listen: '127.0.0.1:0', upstream: web }
upstreams:
  - name: raw
    backends: [{ name: raw, address: '${raw.address}' }, { name: away, address: '127.0.0.1:1', weight: 0 }]
    timeouts: { read: ${seconds}s }
    connection_pool: { min_idle: 0 }
  - { name: web, backends: [{ name: web, address: '${web.address}' }] }
`;
    await lab.edit(yaml(1));
    const kept = await client(lab.bound['web']!);
    const tunnels = [];
    for (let round = 1; round <= COUNT; round += 1) {
      const tunnel = await client(lab.bound['raw']!);
      await tunnel.untilText('raw:');
      tunnels.push(tunnel);
      await lab.edit(yaml(1 + round));
      expect((await get(kept)).body).toBe('web');
    }
    expect(lab.draining.size).toBe(COUNT);
    // Unchanged parts exist once, and draining parts keep neither pools nor health checks.
    expect(lab.held).toEqual({ backends: 3, pools: 1, monitors: 0 });
    expect(web.connections).toHaveLength(1);
    expect(lab.draining.readings().map(({ active }) => active)).toEqual(
      Array.from({ length: COUNT }, () => 1),
    );
    tunnels[7]!.close();
    await eventually(() => lab.draining.size === COUNT - 1, 'one of them is over');
    for (const tunnel of tunnels) tunnel.close();
    await eventually(() => lab.draining.size === 0, 'all are over');
    expect(lab.live.generation?.id).toBe(COUNT + 1);
  });
});
