import { nginxConfig, nginxVersion } from '../../bench/nginx-config.ts';
import type { ProxyKind } from './proxy.ts';
import { startProcess } from './started-process.ts';

export const nginx: ProxyKind = {
  name: 'nginx',
  version() {
    const version = nginxVersion();
    return version === undefined ? undefined : `nginx ${version}`;
  },
  start: (count) =>
    startProcess('nginx', count, (folder, lanes) => {
      const servers = lanes.flatMap((lane, at) => [
        `  upstream lane${String(at)} { server 127.0.0.1:${String(lane.backend.port)} max_fails=0; keepalive 8; }`,
        `  server { listen 127.0.0.1:${String(lane.proxyPort)};`,
        `    location / { proxy_pass http://lane${String(at)}; proxy_next_upstream off; proxy_http_version 1.1;`,
        '      proxy_set_header Connection ""; proxy_set_header Host $http_host; } }',
      ]);
      return ['nginx', '-p', folder, '-c', nginxConfig(folder, ['http {', ...servers, '}'])];
    }),
};
