import { SeededRandom } from '../support/seeded-random.ts';
import { rest } from '../soak/traffic.ts';
import { Editor } from './edits/editor.ts';
import { Journal } from './edits/journal.ts';
import { PluginEditor } from './edits/plugin-editor.ts';
import type { ConfigModel } from './model/config-model.ts';
import type { Scene } from './scene.ts';
import type { ReloadTarget, TargetSample } from './target/reload-target.ts';
import { Heartbeat } from './traffic/heartbeat.ts';
import { httpClients } from './traffic/http-clients.ts';
import { pluginClients } from './traffic/plugin-client.ts';
import { TrafficLoop } from './traffic/traffic-loop.ts';
import { tunnelClients } from './traffic/tunnel-clients.ts';
import type { Visit } from './traffic/visit.ts';

/** How long drained generations and their sockets may take to go once traffic is over. */
const CALM_LIMIT_S = 20;
const CALM_LOOK_MS = 500;

export interface SoakRunOptions {
  readonly seed: number;
  readonly rate: number;
  /** Multiplies the clients of every kind; each kind has at least one. */
  readonly load: number;
  /** Ends the run; it ends as well when so many edits are made. */
  readonly seconds: number;
  readonly edits?: number;
  readonly onSample?: (sample: TimedSample) => void;
}

export interface TimedSample extends TargetSample {
  readonly atSeconds: number;
  /** Connections to servers, which pools may keep. */
  readonly backendConnections: number;
  readonly edits: number;
}

/** All that was seen of a run. */
export interface SoakResult {
  readonly editor: Editor;
  readonly journal: Journal<ConfigModel>;
  /** Versions of the plugin, valid and not. */
  readonly pluginEdits: number;
  readonly loops: readonly TrafficLoop[];
  readonly heartbeatsMs: readonly number[];
  /** Before traffic, once a second under load, and after. */
  readonly before: TimedSample;
  readonly load: readonly TimedSample[];
  readonly after: readonly TimedSample[];
}

/** Traffic of all kinds while the config is edited, until the time is over; then everything comes to rest. */
export async function runSoak(
  scene: Scene,
  target: ReloadTarget,
  options: SoakRunOptions,
): Promise<SoakResult> {
  const { places, file } = scene;
  const journal = new Journal<ConfigModel>();
  journal.add(0, 'the first config', scene.first);
  journal.sawLive(0);
  const editor = new Editor(
    { seed: options.seed, rate: options.rate, file, places, journal, target },
    scene.first,
  );
  const stop = new AbortController();
  const editsOver = new AbortController();
  const http = httpClients();
  const heartbeat = new Heartbeat();
  const versions = new Journal<true>();
  const plugins =
    places.plugin === undefined ? undefined : new PluginEditor(scene.pluginFolder, versions, options.seed);
  const kinds = [
    { name: 'heartbeat', clients: 1, restMs: 0, act: heartbeat.act },
    ...http.kinds,
    ...tunnelClients,
    ...(plugins === undefined ? [] : [pluginClients(versions)]),
  ];
  const loops = kinds.map((kind) => new TrafficLoop(kind));
  const startedAtMs = performance.now();
  const sampled = async (): Promise<TimedSample> => ({
    ...(await target.sample()),
    atSeconds: (performance.now() - startedAtMs) / 1000,
    backendConnections: scene.backendConnections,
    edits: editor.count,
  });
  try {
    const before = await sampled();
    let seed = options.seed;
    const traffic = loops.map((loop) => {
      const clients =
        loop.kind.name === 'heartbeat' ? 1 : Math.max(1, Math.ceil(loop.kind.clients * options.load));
      return loop.run(clients, (client): Visit => {
        const random = new SeededRandom((seed += 7_919));
        return { random, places, journal, client, stopping: stop.signal };
      });
    });
    const editing = editor.run(editsOver.signal, options.edits);
    const pluginEditing = plugins?.run(editsOver.signal);
    const load: TimedSample[] = [];
    const ending = Promise.race([editing, rest(options.seconds * 1000)]).then(() => editsOver.abort());
    while (!editsOver.signal.aborted && target.alive) {
      await Promise.race([rest(1_000), ending]);
      const sample = await sampled().catch(() => undefined);
      if (sample === undefined) continue;
      load.push(sample);
      options.onSample?.(sample);
    }
    editsOver.abort();
    await Promise.all([editing, pluginEditing]);
    if (target.alive) await editor.awaited();
    stop.abort();
    await Promise.all(traffic);
    http.close();
    heartbeat.close();
    const after = target.alive ? await untilCalm(sampled, before) : [];
    return {
      editor,
      journal,
      pluginEdits: plugins?.count ?? 0,
      loops,
      heartbeatsMs: heartbeat.latenciesMs,
      before,
      load,
      after,
    };
  } finally {
    editsOver.abort();
    stop.abort();
    http.close();
    heartbeat.close();
  }
}

/** Until nothing drains any more and no client's connection is left, or the time for that is over. */
async function untilCalm(sampled: () => Promise<TimedSample>, before: TimedSample): Promise<TimedSample[]> {
  const samples: TimedSample[] = [];
  const untilMs = performance.now() + CALM_LIMIT_S * 1000;
  while (performance.now() < untilMs) {
    await rest(CALM_LOOK_MS);
    const sample = await sampled().catch(() => undefined);
    if (sample === undefined) break;
    samples.push(sample);
    if (sample.draining === 0 && ownFds(sample) <= ownFds(before)) break;
  }
  return samples;
}

/** File descriptors besides the sockets to servers. */
export function ownFds({ fds, backendConnections }: TimedSample): number {
  return Math.max(0, fds - backendConnections);
}
