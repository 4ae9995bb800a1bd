import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Peer } from '../bench.ts';

export const haproxy: Peer = {
  name: 'HAProxy',
  version() {
    const result = spawnSync('haproxy', ['-v'], { encoding: 'utf8' });
    const version = /version (\d[\w.]*)/.exec(result.stdout)?.[1];
    return result.status === 0 && version !== undefined ? `HAProxy ${version}` : undefined;
  },
  command(mode, bench, ports) {
    const file = join(bench.folder, `haproxy-${mode}.cfg`);
    const lines = [
      'global',
      '  nbthread 1',
      '  maxconn 16384',
      '  no strict-limits',
      'defaults',
      `  mode ${mode}`,
      '  timeout connect 5s',
      '  timeout client 60s',
      '  timeout server 60s',
      'frontend bench',
      `  bind 127.0.0.1:${ports.listen} backlog 4096`,
      ...(mode === 'http' ? httpRules : []),
      '  default_backend backend',
      'backend backend',
      ...(mode === 'http' ? ['  http-reuse always', '  option httpchk GET /small'] : []),
      `  server backend-1 127.0.0.1:${ports.backend} check inter 2s`,
    ];
    writeFileSync(file, `${lines.join('\n')}\n`);
    return ['haproxy', '-db', '-f', file];
  },
};

const httpRules = [
  '  unique-id-format %[uuid()]',
  '  http-request set-header X-Request-ID %[unique-id]',
  '  http-request set-header X-Real-IP %[src]',
  '  http-request set-header X-Forwarded-For %[src]',
  '  http-request set-header X-Forwarded-Proto http',
  '  http-request set-header X-Forwarded-Host %[req.hdr(host)]',
  '  http-request set-header X-Forwarded-Port %[dst_port]',
  '  http-response set-header X-Request-ID %[unique-id]',
];
