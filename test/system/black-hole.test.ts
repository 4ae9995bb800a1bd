import { describe, expect, it } from 'vitest';

import { buildProgram } from '../support/labs/built-program.ts';
import { labProxy, type LabProxy } from '../support/labs/lab-proxy.ts';
import { backend } from '../support/peers/backends.ts';
import { answering, ok } from '../support/peers/answering.ts';
import { FarHost } from '../support/sockets/far-host.ts';
import { eventually } from '../support/time/eventually.ts';

const LIMIT_MS = 120_000;
const missing = FarHost.missing();
const REQUESTS = 6;

/** A proxy before a host that swallows packets when a test says so, and one that works. */
class HoleScene {
  readonly far: FarHost;
  readonly proxy: LabProxy;

  private constructor(far: FarHost, proxy: LabProxy) {
    this.far = far;
    this.proxy = proxy;
  }

  /** `upstream`: further keys of the upstream. */
  static async start(workers: number, upstream: string, isAlone = false): Promise<HoleScene> {
    const far = await FarHost.start('far');
    const near = await backend(answering(() => ok('near')));
    const others = isAlone ? '' : `, { name: near, address: '${near.address}' }`;
    const proxy = await labProxy(`
workers: ${String(workers)}
listeners: [{ name: web, address: '127.0.0.1:0', mode: http, upstream: app }]
upstreams:
  - name: app
    timeouts: { connect: 500ms, read: 1s }
    backends: [{ name: far, address: '${far.address}' }${others}]
    ${upstream}
admin: { listen: '127.0.0.1:0' }
`);
    return new HoleScene(far, proxy);
  }

  /** One request on a connection of its own: the name of the backend that answered, or another status than 200. */
  async ask(): Promise<string> {
    const answer = await fetch(`http://${this.proxy.address()}/`, { headers: { connection: 'close' } });
    const body = await answer.text();
    return answer.status === 200 ? body : String(answer.status);
  }

  /** What the clients of some requests, one after the other, saw. */
  async sights(): Promise<string[]> {
    const seen: string[] = [];
    for (let request = 0; request < REQUESTS; request++) seen.push(await this.ask());
    return seen;
  }

  /** Asks until the far host has answered. All that clients saw until then. */
  async untilServed(): Promise<string[]> {
    const seen: string[] = [];
    await eventually(async () => {
      seen.push(await this.ask());
      return seen.at(-1) === 'far';
    }, 'the far host serves');
    return seen;
  }

  /** Asks until the log has that line. All that clients saw until then. */
  async untilLogged(line: string): Promise<string[]> {
    const seen: string[] = [];
    await eventually(async () => {
      seen.push(await this.ask());
      return (await this.proxy.log()).includes(line);
    }, `"${line}" is logged`);
    return seen;
  }

  async stateOfFar(): Promise<string> {
    const { backends } = (await (await fetch(`http://${this.proxy.adminAddress}/backends`)).json()) as {
      readonly backends: readonly { readonly name: string; readonly state: string }[];
    };
    return backends.find(({ name }) => name === 'far')?.state ?? '';
  }
}

const RETRY =
  'retry: { initial_delay: 0, on: [connect-failure, reset, timeout], budget: { percent: 100, min: 100 } }';
const skipped = missing === undefined ? '' : ` (skipped, missing: ${missing})`;

describe.skipIf(missing !== undefined)(
  `a host whose packets are lost${skipped}`,
  { timeout: LIMIT_MS },
  () => {
    buildProgram();

    describe.each([1, 2])('with %i workers', (workers) => {
      it('costs no client its answer where another one takes new connections', async () => {
        const scene = await HoleScene.start(workers, 'connection_pool: { enabled: false }');
        await scene.untilServed();
        scene.far.swallow();
        expect(new Set(await scene.untilLogged('WARN connects to backend fail'))).toEqual(new Set(['near']));
        expect(new Set(await scene.sights())).toEqual(new Set(['near']));
        scene.far.letThrough();
        expect(await scene.untilServed()).not.toContain('504');
        await scene.proxy.untilLogged('WARN connects to backend work again');
      });

      it('is 504 where there is no other, and serves again when packets get through', async () => {
        const scene = await HoleScene.start(workers, '', true);
        await scene.untilServed();
        scene.far.swallow();
        for (const what of await scene.sights()) expect(what).toBe('504');
        scene.far.letThrough();
        await scene.untilServed();
      });

      it('costs no client its answer where retries send elsewhere what its open connections lose', async () => {
        const scene = await HoleScene.start(workers, `resilience: { ${RETRY} }`);
        await scene.untilServed();
        scene.far.swallow();
        expect(new Set(await scene.sights())).toEqual(new Set(['near']));
        scene.far.letThrough();
        expect(await scene.untilServed()).not.toContain('504');
      });

      it('has an open breaker, which closes when it answers again', async () => {
        const scene = await HoleScene.start(
          workers,
          `resilience: { ${RETRY}, circuit_breaker: { max_failures: 2, timeout: 1s, recovery: 0 } }`,
        );
        await scene.untilServed();
        scene.far.swallow();
        expect(new Set(await scene.untilLogged('WARN circuit breaker opened'))).toEqual(new Set(['near']));
        scene.far.letThrough();
        const seen = await scene.untilLogged('circuit breaker is closed');
        expect(seen.filter((what) => what !== 'near' && what !== 'far')).toEqual([]);
        await scene.untilServed();
      });

      it('is ejected, and comes back when its time is over', async () => {
        const scene = await HoleScene.start(
          workers,
          `resilience: { ${RETRY} }
    health_check: { enabled: false, passive_checks: { consecutive_failures: 2 } }
    outlier_detection: { base_ejection_time: 2s, max_ejection_percent: 50 }`,
        );
        await scene.untilServed();
        scene.far.swallow();
        expect(new Set(await scene.untilLogged('WARN backend ejected'))).toEqual(new Set(['near']));
        scene.far.letThrough();
        const seen = await scene.untilLogged('backend is back from ejection');
        expect(seen.filter((what) => what !== 'near' && what !== 'far')).toEqual([]);
        await scene.untilServed();
      });

      it('fails its checks, gets no requests then, and passes them again', async () => {
        const scene = await HoleScene.start(
          workers,
          'health_check: { path: /, interval: 1s, timeout: 1s, unhealthy_threshold: 1, healthy_threshold: 1 }',
        );
        await scene.untilServed();
        scene.far.swallow();
        await eventually(async () => (await scene.stateOfFar()) === 'unhealthy', 'it is unhealthy');
        expect(new Set(await scene.sights())).toEqual(new Set(['near']));
        scene.far.letThrough();
        expect(await scene.untilServed()).not.toContain('504');
      });
    });
  },
);
