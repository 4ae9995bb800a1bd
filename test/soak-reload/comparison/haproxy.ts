import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { haproxyVersion } from '../../bench/peers/haproxy.ts';
import { Processes } from '../../bench/processes.ts';
import { upstreamOf, type ConfigModel } from '../model/config-model.ts';
import type { Scene } from '../scene.ts';
import { usageOfTree, type ReloadPeer } from './reload-peer.ts';

/** Master and worker; SIGUSR2 starts a new worker, which gets the listening sockets from the old one. */
export const haproxy: ReloadPeer = {
  name: 'HAProxy',
  version: haproxyVersion,
  async start(scene, first) {
    const folder = join(scene.folder, 'haproxy');
    mkdirSync(folder, { recursive: true });
    const file = join(folder, 'haproxy.cfg');
    writeFileSync(file, config(first, scene, folder));
    const processes = new Processes();
    try {
      const { pid } = await processes.startServer(['haproxy', '-W', '-f', file], scene.places.web);
      return {
        reload: async (model) => {
          writeFileSync(file, config(model, scene, folder));
          process.kill(pid, 'SIGUSR2');
        },
        usage: () => usageOfTree(pid),
        close: () => processes.close(),
      };
    } catch (error) {
      await processes.close();
      throw error;
    }
  },
};

function config(model: ConfigModel, scene: Scene, folder: string): string {
  const servers = (name: string): string[] =>
    upstreamOf(model, name).backends.map(
      ({ server }) => `  server ${server} ${scene.places.servers.get(server) ?? ''}`,
    );
  const lines = [
    'global',
    '  nbthread 1',
    '  maxconn 8192',
    `  stats socket ${join(folder, 'stats')} mode 600 level admin expose-fd listeners`,
    'defaults',
    '  timeout connect 5s',
    '  timeout client 1h',
    '  timeout server 1h',
    '  timeout tunnel 1h',
    'frontend web',
    '  mode http',
    // HAProxy's manual advises this option where reloads must not cut idle connections.
    '  option idle-close-on-response',
    `  bind 127.0.0.1:${scene.places.web} backlog 4096`,
    `  http-after-response set-header X-Generation ${model.marker}`,
    '  default_backend main',
    'backend main',
    '  mode http',
    '  http-reuse always',
    ...servers('main'),
    'frontend raw',
    '  mode tcp',
    `  bind 127.0.0.1:${scene.places.raw} backlog 4096`,
    '  default_backend tunnels',
    'backend tunnels',
    '  mode tcp',
    ...servers('tunnels'),
  ];
  return `${lines.join('\n')}\n`;
}
