import { describe, expect, it } from 'vitest';

import { buildProgram } from '../../support/labs/built-program.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { eventually } from '../../support/time/eventually.ts';
import { MortalBackend } from './mortal-backend.ts';

interface Listed {
  readonly backends: readonly {
    readonly name: string;
    readonly state: string;
    readonly upstreams: readonly {
      readonly health_ignored: boolean;
      readonly reason: string | null;
      readonly since: string | null;
    }[];
  }[];
  readonly upstreams: readonly { readonly name: string; readonly health_ignored: boolean | null }[];
}

async function scene(workers: number, more: string) {
  const backends = await Promise.all(['one', 'two', 'three'].map((name) => MortalBackend.start(name)));
  const listed = backends.map(({ name, address }) => `{ name: ${name}, address: '${address}' }`);
  const proxy = await labProxy(`
workers: ${String(workers)}
listeners: [{ name: web, address: '127.0.0.1:0', mode: http, upstream: app }]
upstreams:
  - name: app
    backends: [${listed.join(', ')}]
    ${more}
admin: { listen: '127.0.0.1:0' }
reload: { watch: false }
resilience: { retry: { enabled: false } }
`);
  return { proxy, one: backends[0]!, two: backends[1]!, three: backends[2]! };
}

async function backends(proxy: LabProxy): Promise<Listed> {
  return (await (await fetch(`http://${proxy.adminAddress}/backends`)).json()) as Listed;
}

async function states(proxy: LabProxy): Promise<Record<string, string>> {
  return Object.fromEntries((await backends(proxy)).backends.map(({ name, state }) => [name, state]));
}

async function set(proxy: LabProxy, backend: string, verb: string): Promise<void> {
  const answer = await fetch(`http://${proxy.adminAddress}/backends/${backend}/${verb}`, { method: 'POST' });
  expect(answer.status).toBe(200);
}

/** A request over a connection of its own: its status and body, and the sticky cookie that it brought. */
async function ask(proxy: LabProxy, cookie?: string) {
  const answer = await fetch(`http://${proxy.address()}/`, {
    headers: { connection: 'close', ...(cookie === undefined ? {} : { cookie }) },
  });
  const given = answer.headers.getSetCookie()[0]?.split(';')[0];
  return { status: answer.status, body: await answer.text(), cookie: given ?? cookie };
}

/** Which backends so many requests of strangers reach. */
async function reached(proxy: LabProxy, requests = 12): Promise<string[]> {
  const names = new Set<string>();
  for (let time = 0; time < requests; time++) names.add((await ask(proxy)).body);
  return [...names].sort();
}

/** Waits until all workers keep strangers from a backend. */
async function untilAvoided(proxy: LabProxy, name: string): Promise<void> {
  await eventually(async () => !(await reached(proxy)).includes(name), `${name} gets nothing new`);
}

buildProgram();

describe.each([1, 2])('a backend that drains, with %i workers', { timeout: 60_000 }, (workers) => {
  it('gets nothing new while its upstream panics, and operators see the panic', async () => {
    const checks =
      'health_check: { type: http, path: /, interval: 100ms, timeout: 2s, unhealthy_threshold: 1 }';
    const { proxy, one, two } = await scene(
      workers,
      `${checks}\n    outlier_detection: { panic_threshold: 50 }`,
    );
    await eventually(
      async () => (await backends(proxy)).upstreams[0]?.health_ignored === false,
      'the upstream is well',
    );
    await set(proxy, 'three', 'drain');
    await untilAvoided(proxy, 'three');
    one.mood = 500;
    two.mood = 500;
    await eventually(
      async () =>
        (await states(proxy))['one'] === 'unhealthy' && (await states(proxy))['two'] === 'unhealthy',
      'both are unhealthy',
    );
    expect(await states(proxy)).toMatchObject({ three: 'draining' });
    await eventually(
      async () => (await reached(proxy)).join() === 'one,two',
      'both get requests all the same',
    );
    const { backends: listed, upstreams } = await backends(proxy);
    expect(upstreams).toEqual([{ name: 'app', health_ignored: true, clients: null }]);
    const ofOne = listed.find(({ name }) => name === 'one')!.upstreams[0]!;
    expect(ofOne.health_ignored).toBe(true);
    expect(ofOne.reason).toMatch(/500.*; gets requests all the same: too few backends are healthy$/);
    expect(listed.find(({ name }) => name === 'three')!.upstreams[0]).toMatchObject({
      health_ignored: false,
      reason: 'set by hand',
    });
  });

  it('serves the clients that stick to it, until its failures eject it', async () => {
    const ejection =
      'health_check: { passive_checks: { consecutive_failures: 1000000, error_rate_threshold: 0.5, min_requests: 6, window: 60s } }';
    const sticky = 'sticky: { secret: 0123456789abcdef }';
    const { proxy, one } = await scene(workers, `${ejection}\n    ${sticky}`);
    let own = await ask(proxy);
    while (own.body !== 'one') own = await ask(proxy);
    await set(proxy, 'one', 'drain');
    await untilAvoided(proxy, 'one');
    for (let time = 0; time < 8; time++)
      expect(await ask(proxy, own.cookie)).toEqual({ status: 200, body: 'one', cookie: own.cookie });
    one.mood = 500;
    // An ejected backend keeps nobody: its client begins anew at another one, and stays there.
    const moved = await eventually(async () => {
      const answer = await ask(proxy, own.cookie);
      return answer.status === 200 ? answer : undefined;
    }, 'the client is moved');
    expect(moved.body).not.toBe('one');
    expect(await states(proxy)).toMatchObject({ one: 'draining' });
    for (let time = 0; time < 8; time++)
      expect(await ask(proxy, moved.cookie)).toMatchObject({ status: 200, body: moved.body });
  });

  it('finishes long requests of clients that stick to it, over an end of the drain and an edit', async () => {
    const { proxy, one } = await scene(workers, 'sticky: { secret: 0123456789abcdef }');
    let own = await ask(proxy);
    while (own.body !== 'one') own = await ask(proxy);
    one.mood = 'holds';
    const before = ask(proxy, own.cookie);
    await one.holding(1);
    await set(proxy, 'one', 'drain');
    await untilAvoided(proxy, 'one');
    const meanwhile = ask(proxy, own.cookie);
    await one.holding(2);
    await set(proxy, 'one', 'disable');
    await eventually(async () => (await ask(proxy, own.cookie)).body !== 'one', 'its clients are moved');
    expect(one.held).toBe(2);
    one.release();
    expect([await before, await meanwhile]).toMatchObject([
      { status: 200, body: 'one' },
      { status: 200, body: 'one' },
    ]);
  });
});
