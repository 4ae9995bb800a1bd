import { join } from 'node:path';

import { nginxConfig, nginxStreamLine, nginxVersion } from '../../bench/nginx-config.ts';
import { Processes } from '../../bench/processes.ts';
import { upstreamOf, type ConfigModel } from '../model/config-model.ts';
import type { Scene } from '../scene.ts';
import { usageOfTree, type ReloadPeer } from './reload-peer.ts';

/** `nginx -s reload`, which is a SIGHUP to the master: a new worker takes over, the old one ends when it holds nothing any more. */
export const nginx: ReloadPeer = {
  name: 'nginx',
  version() {
    const version = nginxVersion();
    return version === undefined || nginxStreamLine() === undefined ? undefined : `nginx ${version}`;
  },
  async start(scene, first) {
    const folder = join(scene.folder, 'nginx');
    const write = (model: ConfigModel): string =>
      nginxConfig(folder, [...http(model, scene), ...stream(model, scene)], nginxStreamLine());
    const file = write(first);
    const processes = new Processes();
    try {
      const { pid } = await processes.startServer(['nginx', '-p', folder, '-c', file], scene.places.web);
      return {
        reload: async (model) => {
          write(model);
          process.kill(pid, 'SIGHUP');
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

function servers(model: ConfigModel, name: string, { places }: Scene): string {
  return upstreamOf(model, name)
    .backends.map(({ server }) => `server ${places.servers.get(server) ?? ''};`)
    .join(' ');
}

function http(model: ConfigModel, scene: Scene): string[] {
  return [
    'http {',
    "  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }",
    `  upstream main { ${servers(model, 'main', scene)} keepalive 64; }`,
    `  server { listen 127.0.0.1:${scene.places.web} backlog=4096;`,
    `    add_header X-Generation ${model.marker} always;`,
    '    location / {',
    '      proxy_pass http://main;',
    '      proxy_http_version 1.1;',
    '      proxy_read_timeout 1h;',
    '      proxy_set_header Host $http_host;',
    '      proxy_set_header Upgrade $http_upgrade;',
    '      proxy_set_header Connection $connection_upgrade;',
    '    }',
    '  }',
    '}',
  ];
}

function stream(model: ConfigModel, scene: Scene): string[] {
  return [
    'stream {',
    '  access_log off;',
    '  proxy_timeout 1h;',
    `  upstream tunnels { ${servers(model, 'tunnels', scene)} }`,
    `  server { listen 127.0.0.1:${scene.places.raw} backlog=4096; proxy_pass tunnels; }`,
    '}',
  ];
}
