import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { haproxyVersion } from '../../../bench/peers/haproxy.ts';
import { Processes } from '../../../bench/processes.ts';
import type { KillProxy, ProxySettings } from './kill-proxy.ts';

/** Layer-7 retries and redispatch as its manual describes them, and checks of each second. */
export const haproxy: KillProxy = {
  name: 'HAProxy',
  version: haproxyVersion,
  async start(settings) {
    const file = join(settings.folder, 'haproxy.cfg');
    writeFileSync(file, config(settings));
    const processes = new Processes();
    await processes.startServer(['haproxy', '-db', '-f', file], settings.port);
    return { port: settings.port, faults: [], close: () => processes.close() };
  },
};

function config({ backends, workers, port }: ProxySettings): string {
  const lines = [
    'global',
    `  nbthread ${String(workers)}`,
    '  maxconn 8192',
    'defaults',
    '  mode http',
    '  timeout connect 5s',
    '  timeout client 60s',
    '  timeout server 60s',
    `  retries ${String(backends.length)}`,
    '  option redispatch 1',
    '  retry-on conn-failure empty-response',
    'frontend web',
    `  bind 127.0.0.1:${String(port)} backlog 4096`,
    '  default_backend web',
    'backend web',
    '  balance roundrobin',
    '  option httpchk GET /health',
    '  http-request disable-l7-retry if METH_POST',
    ...backends.map(({ name, port: at }) => `  server ${name} 127.0.0.1:${String(at)} check inter 1s`),
  ];
  return `${lines.join('\n')}\n`;
}
