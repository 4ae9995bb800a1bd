import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { haproxyVersion } from '../../bench/peers/haproxy.ts';
import type { ProxyKind } from './proxy.ts';
import { startProcess } from './started-process.ts';

export const haproxy: ProxyKind = {
  name: 'HAProxy',
  version: haproxyVersion,
  start: (count) =>
    startProcess('HAProxy', count, (folder, lanes) => {
      const file = join(folder, 'haproxy.cfg');
      const lines = [
        'global',
        '  nbthread 1',
        '  maxconn 4096',
        'defaults',
        '  mode http',
        '  retries 0',
        '  timeout connect 5s',
        '  timeout client 30s',
        '  timeout server 30s',
        ...lanes.flatMap((lane, at) => [
          `frontend front-${String(at)}`,
          `  bind 127.0.0.1:${String(lane.proxyPort)}`,
          `  default_backend back-${String(at)}`,
          `backend back-${String(at)}`,
          '  http-reuse always',
          `  server one 127.0.0.1:${String(lane.backend.port)}`,
        ]),
      ];
      writeFileSync(file, `${lines.join('\n')}\n`);
      return ['haproxy', '-db', '-f', file];
    }),
};
