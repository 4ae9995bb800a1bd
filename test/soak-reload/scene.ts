import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ConfigFile } from './edits/config-file.ts';
import { PluginEditor } from './edits/plugin-editor.ts';
import { EXTRA_PLACES, firstModel, type ConfigModel } from './model/config-model.ts';
import { renderConfig, type Places } from './model/render-config.ts';
import { freePorts } from '../support/addresses/free-ports.ts';
import { startTunnelBackend, startWebBackend, type IdentityBackend } from './traffic/identity-backends.ts';

const WEB_SERVERS = 6;
const TUNNEL_SERVERS = 4;
const METRICS_PLACES = 2;

/** Servers, addresses and a first config in a directory of its own: all that a run needs besides a proxy. */
export class Scene {
  readonly folder: string;
  readonly file: ConfigFile;
  readonly places: Places;
  readonly first: ConfigModel;
  readonly #backends: readonly IdentityBackend[];

  private constructor(folder: string, places: Places, backends: readonly IdentityBackend[]) {
    this.folder = folder;
    this.places = places;
    this.#backends = backends;
    this.file = new ConfigFile(join(folder, 'conf'));
    const ids = (kind: string): string[] => backends.map(({ id }) => id).filter((id) => id.startsWith(kind));
    this.first = firstModel(ids('H').slice(0, 3), ids('T').slice(0, 2));
  }

  /** `withPlugin` adds a listener that speaks the protocol of a plugin beside the config. */
  static async open(withPlugin = false, workers = 1): Promise<Scene> {
    const folder = await mkdtemp(join(tmpdir(), 'balance-soak-reload-'));
    const backends = [
      ...(await Promise.all(Array.from({ length: WEB_SERVERS }, (_, at) => startWebBackend(`H${at}`)))),
      ...(await Promise.all(Array.from({ length: TUNNEL_SERVERS }, (_, at) => startTunnelBackend(`T${at}`)))),
    ];
    const [web = 0, raw = 0, flip = 0, admin = 0, dead = 0, plugin = 0, ...others] = await freePorts(
      6 + EXTRA_PLACES + METRICS_PLACES,
    );
    const addresses = backends.map(({ id, port }) => [id, `127.0.0.1:${port}`] as const);
    const places: Places = {
      web,
      raw,
      flip,
      admin,
      ...(withPlugin ? { plugin } : {}),
      ...(workers > 1 ? { workers } : {}),
      extras: others.slice(0, EXTRA_PLACES),
      metrics: others.slice(EXTRA_PLACES),
      servers: new Map([...addresses, ['D0', `127.0.0.1:${dead}`]]),
    };
    const scene = new Scene(folder, places, backends);
    await mkdir(join(folder, 'conf', 'conf.d'), { recursive: true });
    if (withPlugin) await PluginEditor.prepare(scene.pluginFolder);
    await writeFile(scene.file.path, renderConfig(scene.first, places));
    return scene;
  }

  get pluginFolder(): string {
    return join(this.folder, 'conf', 'plugins');
  }

  /** Connections that the proxy has to all servers. */
  get backendConnections(): number {
    return this.#backends.reduce((sum, { open }) => sum + open, 0);
  }

  /** `keep` leaves the directory. */
  async close(keep = false): Promise<void> {
    await Promise.all(this.#backends.map((backend) => backend.close()));
    if (!keep) await rm(this.folder, { recursive: true, force: true });
  }
}
