import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { ConfigModel } from '../model/config-model.ts';
import { renderConfig } from '../model/render-config.ts';
import type { Scene } from '../scene.ts';
import { LocalTarget } from '../target/local-target.ts';
import { ProcessTarget } from '../target/process-target.ts';
import type { ReloadTarget } from '../target/reload-target.ts';
import { usageOfTree, type PeerUsage, type ReloadPeer } from './reload-peer.ts';

/** SIGHUP, as for the others; a saved file would do. */
export const balance: ReloadPeer = {
  name: 'balance',
  version: () => `balance on Node ${process.versions.node}`,
  async start(scene, first) {
    const options = {
      configFile: await written(scene, first),
      adminPort: scene.places.admin,
      stallLog: join(scene.folder, 'stalls'),
      log: join(scene.folder, 'balance.log'),
    };
    const target = await ProcessTarget.start(options);
    return running(scene, target, () => usageOfTree(target.pid));
  },
};

/** The same in this process, which needs no compiled program. */
export const localBalance: ReloadPeer = {
  ...balance,
  async start(scene, first) {
    const target = await LocalTarget.start(await written(scene, first), join(scene.folder, 'balance.log'));
    return running(scene, target, () => ({ oldWorkers: 0, memoryBytes: 0 }));
  },
};

async function written({ file, places }: Scene, model: ConfigModel): Promise<string> {
  await writeFile(file.path, renderConfig(model, places));
  return file.path;
}

function running(
  scene: Scene,
  target: ReloadTarget,
  usage: () => PeerUsage,
): Awaited<ReturnType<ReloadPeer['start']>> {
  return {
    reload: async (model) => {
      await written(scene, model);
      target.signal();
    },
    usage,
    close: async () => {
      await target.stop();
    },
  };
}
