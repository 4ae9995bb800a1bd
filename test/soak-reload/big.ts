import { rename, writeFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import { join } from 'node:path';

import { table } from '../fuzz/report.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { rest } from '../soak/traffic.ts';
import {
  BIG_BACKENDS,
  BIG_ROUTES,
  changeBigConfig,
  firstBigConfig,
  renderBigConfig,
  type BigPlaces,
  type BigShape,
} from './big-config.ts';
import type { Scene } from './scene.ts';
import { ProcessTarget } from './target/process-target.ts';
import { quantile, type Stall } from './target/stall-log.ts';
import { ask } from './traffic/web-request.ts';
import { atMost, STALL_BAR_MS, type Line } from './verdict.ts';

const RELOADS = 15;
/** Code is compiled by then. */
const WARM_UP_RELOADS = 3;
const BEAT_MS = 5;
const LIVE_LIMIT_MS = 30_000;
/** Old parts are taken down within this after a config went live. */
const AFTERMATH_MS = 700;

interface BigReload {
  readonly what: string;
  readonly writtenAtMs: number;
  readonly liveAfterMs: number;
  /** The longest time that a request took while the reload ran. */
  readonly slowestMs: number;
  readonly worst: Stall | undefined;
}

/** Reloads of 1,000 backends and 500 routes: how long each stalls the event loop. */
export async function runBig(
  scene: Scene,
  seed: number,
  shape: BigShape,
  print: (text: string) => void,
): Promise<Line[]> {
  const random = new SeededRandom(seed);
  const servers = [...scene.places.servers]
    .filter(([id]) => id.startsWith('H'))
    .map(([, address]) => address);
  const places: BigPlaces = { web: scene.places.web, admin: scene.places.admin, servers };
  const config = firstBigConfig(shape);
  const file = join(scene.folder, 'conf', 'big.yaml');
  const first = renderBigConfig(config, places);
  await writeFile(file, first);
  const stallLog = join(scene.folder, `stalls-${Object.values(shape).join('-')}`);
  const target = await ProcessTarget.start({
    configFile: file,
    adminPort: places.admin,
    stallLog,
    log: join(scene.folder, 'big.log'),
  });
  const beats = new Beats(places.web);
  try {
    const reloads: Omit<BigReload, 'worst'>[] = [];
    await beats.until(0);
    for (let at = 0; at < RELOADS + WARM_UP_RELOADS; at += 1) {
      const what = changeBigConfig(config, random);
      const text = renderBigConfig(config, places);
      const writtenAtMs = Date.now();
      beats.slowestMs = 0;
      await writeFile(`${file}.new`, text);
      await rename(`${file}.new`, file);
      await beats.until(config.marker);
      const liveAfterMs = Date.now() - writtenAtMs;
      await rest(AFTERMATH_MS);
      reloads.push({ what, writtenAtMs, liveAfterMs, slowestMs: beats.slowestMs });
    }
    const stalls = target.stalls;
    const sample = await target.sample();
    const measured = reloads.map((reload): BigReload => {
      const untilMs = reload.writtenAtMs + reload.liveAfterMs + AFTERMATH_MS;
      const during = stalls.filter(
        ({ atMs, lateMs }) => atMs + lateMs >= reload.writtenAtMs && atMs <= untilMs,
      );
      return { ...reload, worst: during.toSorted((a, b) => b.busyMs - a.busyMs)[0] };
    });
    const { upstreams, algorithm, healthChecks } = shape;
    const title = `${upstreams} × ${algorithm}, health checks ${healthChecks ? 'on' : 'off'}`;
    print(
      `\n${BIG_BACKENDS} backends, ${BIG_ROUTES} routes, ${title}: ${(first.length / 1024).toFixed(0)} KiB, RSS ${(sample.residentBytes / 1024 / 1024).toFixed(0)} MiB\n`,
    );
    print(bigTable(measured));
    const worst = measured.slice(WARM_UP_RELOADS).map((one) => one.worst?.busyMs ?? 0);
    return [
      atMost(
        `longest stall of a reload, ${title} (half of them: ${quantile(worst, 0.5).toFixed(0)} ms)`,
        Math.max(...worst),
        STALL_BAR_MS,
        'ms',
      ),
      {
        what: `failed requests, ${title}`,
        measured: String(beats.failed),
        allowed: '0',
        passed: beats.failed === 0,
      },
    ];
  } finally {
    await beats.close();
    await target.stop();
  }
}

function bigTable(reloads: readonly BigReload[]): string {
  const rows = reloads.map(({ what, liveAfterMs, slowestMs, worst }, at) => [
    at < WARM_UP_RELOADS ? `${what} (warm-up)` : what,
    `${liveAfterMs} ms`,
    `${(worst?.lateMs ?? 0).toFixed(0)} ms`,
    `${(worst?.busyMs ?? 0).toFixed(0)} ms`,
    `${slowestMs.toFixed(0)} ms`,
  ]);
  return table([['edit', 'live after', 'loop late by', 'its own work', 'slowest request'], ...rows]);
}

/** A request every few milliseconds, which sees the config that is live. */
class Beats {
  failed = 0;
  slowestMs = 0;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #running: Promise<void>;
  #marker = -1;
  #stopped = false;

  constructor(port: number) {
    this.#running = this.#run(port);
  }

  /** Resolves when that config is live. */
  async until(marker: number): Promise<void> {
    const untilMs = performance.now() + LIVE_LIMIT_MS;
    while (this.#marker < marker) {
      if (performance.now() > untilMs) throw new Error(`edit ${marker} did not go live`);
      await rest(BEAT_MS);
    }
  }

  async close(): Promise<void> {
    this.#stopped = true;
    await this.#running;
    this.#agent.destroy();
  }

  async #run(port: number): Promise<void> {
    const request = {
      path: '/plain/0',
      host: 'big.test',
      pick: undefined,
      bytes: 0,
      waitMs: 0,
      upload: undefined,
    };
    while (!this.#stopped) {
      const begunAtMs = performance.now();
      try {
        const { headers } = await ask(port, request, this.#agent, 'beat');
        this.#marker = Number(headers['x-generation']);
      } catch {
        this.failed += 1;
      }
      const tookMs = performance.now() - begunAtMs;
      this.slowestMs = Math.max(this.slowestMs, tookMs);
      await rest(BEAT_MS - tookMs);
    }
  }
}
