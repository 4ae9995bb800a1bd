import { Agent } from 'node:http';

import { SeededRandom } from '../../support/seeded-random.ts';
import { rest } from '../../soak/traffic.ts';
import { Journal } from '../edits/journal.ts';
import { upstreamOf, type ConfigModel } from '../model/config-model.ts';
import type { Scene } from '../scene.ts';
import { TrafficLoop } from '../traffic/traffic-loop.ts';
import { tunnelClients } from '../traffic/tunnel-clients.ts';
import { TrafficFault, type Act, type TrafficKind, type Visit } from '../traffic/visit.ts';
import { ask, type WebRequest } from '../traffic/web-request.ts';
import type { PeerUsage, ReloadPeer, RunningPeer } from './reload-peer.ts';

export interface CompareOptions {
  readonly seed: number;
  readonly seconds: number;
  /** Reloads a second. */
  readonly rate: number;
  /** Multiplies the clients of every kind. */
  readonly load: number;
}

/** The outcome of the same traffic and the same edits with one proxy. */
export interface CompareResult {
  readonly name: string;
  readonly reloads: number;
  readonly loops: readonly TrafficLoop[];
  /** While tunnels of all ages are open, and when all have ended. */
  readonly underLoad: PeerUsage;
  readonly atRest: PeerUsage;
  /** How often the last reload had to be asked for again until it was live: a signal may come while one before it is handled. */
  readonly askedAgain: number;
}

const LIVE_LIMIT_MS = 4_000;
const MOST_TRIES = 5;
/** Time for old workers to end once nothing holds them. */
const REST_MS = 1_500;

/** Reloads one proxy again and again under traffic. The edits follow from the seed. */
export async function compareRun(
  scene: Scene,
  peer: ReloadPeer,
  options: CompareOptions,
): Promise<CompareResult> {
  const { places } = scene;
  const journal = new Journal<ConfigModel>();
  const random = new SeededRandom(options.seed);
  let model = scene.first;
  const stop = new AbortController();
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const proxy = await peer.start(scene, model);
  try {
    journal.add(0, 'the first config', model);
    journal.sawLive(0);
    const kinds: TrafficKind[] = [
      { name: 'HTTP keep-alive', clients: 8, restMs: 40, act: web(agent) },
      { name: 'HTTP, a connection each', clients: 4, restMs: 60, act: web(false) },
      ...tunnelClients,
    ];
    const loops = kinds.map((kind) => new TrafficLoop(kind));
    let seed = options.seed;
    const traffic = loops.map((loop) =>
      loop.run(Math.max(1, Math.ceil(loop.kind.clients * options.load)), (client): Visit => {
        return { random: new SeededRandom((seed += 7_919)), places, journal, client, stopping: stop.signal };
      }),
    );
    const endAtMs = performance.now() + options.seconds * 1000;
    const gapMs = 1000 / options.rate;
    await rest(gapMs);
    while (performance.now() < endAtMs) {
      model = edited(model, random, scene);
      journal.add(model.marker, 'backends and header', model);
      await proxy.reload(model);
      await rest(gapMs * (0.5 + random.next()));
    }
    const askedAgain = await untilLive(journal, proxy, model);
    const underLoad = proxy.usage();
    stop.abort();
    await Promise.all(traffic);
    agent.destroy();
    await rest(REST_MS);
    return { name: peer.name, reloads: model.marker, loops, underLoad, atRest: proxy.usage(), askedAgain };
  } finally {
    stop.abort();
    agent.destroy();
    await proxy.close();
  }
}

async function untilLive(
  journal: Journal<ConfigModel>,
  proxy: RunningPeer,
  model: ConfigModel,
): Promise<number> {
  for (let again = 0; again < MOST_TRIES; again += 1) {
    if (again > 0) await proxy.reload(model);
    if (await journal.untilLive(model.marker, LIVE_LIMIT_MS)) return again;
  }
  throw new Error(`config ${model.marker} was never seen live`);
}

/** Another set of servers behind both listeners, and the next number in the header. */
function edited(model: ConfigModel, random: SeededRandom, { places }: Scene): ConfigModel {
  const next = structuredClone(model);
  next.marker += 1;
  for (const [name, kind] of [
    ['main', 'H'],
    ['tunnels', 'T'],
  ] as const) {
    const all = [...places.servers.keys()].filter((id) => id.startsWith(kind));
    const chosen = all.filter(() => random.next() < 0.5);
    const servers = chosen.length > 0 ? chosen : [random.pick(all)];
    upstreamOf(next, name).backends = servers.map((server) => ({
      server,
      name: server.toLowerCase(),
      weight: 1,
      maxConnections: 0,
    }));
  }
  return next;
}

function web(agent: Agent | false): Act {
  return async ({ random, places, journal }) => {
    const request: WebRequest = {
      path: `/plain/${random.between(1, 100)}`,
      host: 'compare.test',
      pick: undefined,
      bytes: random.between(0, 3_000),
      waitMs: random.next() < 0.1 ? random.between(50, 500) : 0,
      upload: random.next() < 0.2 ? random.between(0, 20_000) : undefined,
    };
    const begunAtMs = performance.now();
    const { told, headers } = await ask(places.web, request, agent, random.between(0, 2 ** 31).toString(36));
    let model: ConfigModel;
    try {
      model = journal.judge(Number(headers['x-generation']), begunAtMs).model;
    } catch (error) {
      throw new TrafficFault('wrong answer', error instanceof Error ? error.message : String(error));
    }
    if (!upstreamOf(model, 'main').backends.some(({ server }) => server === told.server))
      throw new TrafficFault('wrong answer', `${told.server} is not in generation ${model.marker}`);
    return 1;
  };
}
