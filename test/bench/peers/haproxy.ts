import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench, Peer } from '../bench.ts';
import { certificateName, tlsTerms } from '../bench-certificates.ts';
import { isHttp, type Mode } from '../scenarios.ts';

export function haproxy(workers: number): Peer {
  return {
    name: 'HAProxy',
    version: haproxyVersion,
    command(mode, bench, ports) {
      const file = join(bench.folder, `haproxy-${mode}.cfg`);
      const lines = [
        'global',
        `  nbthread ${workers}`,
        `  maxconn ${workers > 1 ? 65_536 : 16_384}`,
        '  no strict-limits',
        'defaults',
        `  mode ${isHttp(mode) ? 'http' : 'tcp'}`,
        '  timeout connect 5s',
        '  timeout client 60s',
        '  timeout server 60s',
        'frontend bench',
        `  bind 127.0.0.1:${ports.listen} backlog 4096${mode === 'https' ? toClients(bench) : ''}`,
        ...(isHttp(mode) ? httpRules(mode) : []),
        '  default_backend backend',
        'backend backend',
        ...(isHttp(mode) ? ['  http-reuse always', '  option httpchk GET /small'] : []),
        `  server backend-1 127.0.0.1:${ports.backend} check inter 2s${mode === 'backend-tls' ? toBackend(bench) : ''}`,
      ];
      writeFileSync(file, `${lines.join('\n')}\n`);
      return ['haproxy', '-db', '-f', file];
    },
  };
}

/** The installed version, such as `HAProxy 2.6.12`, or undefined. */
export function haproxyVersion(): string | undefined {
  const result = spawnSync('haproxy', ['-v'], { encoding: 'utf8' });
  const version = /version (\d[\w.]*)/.exec(result.stdout)?.[1];
  return result.status === 0 && version !== undefined ? `HAProxy ${version}` : undefined;
}

const { cipherSuite, curve } = tlsTerms;

function toClients({ certificates }: Bench): string {
  return ` ssl crt ${certificates.certAndKey} ssl-min-ver TLSv1.3 ciphersuites ${cipherSuite} curves ${curve} alpn http/1.1`;
}

function toBackend({ certificates }: Bench): string {
  const verified = `verify required ca-file ${certificates.ca} verifyhost ${certificateName}`;
  return ` ssl ${verified} sni str(${certificateName}) ssl-min-ver TLSv1.3 ciphersuites ${cipherSuite}`;
}

const httpRules = (mode: Mode): readonly string[] => [
  '  unique-id-format %[uuid()]',
  '  http-request set-header X-Request-ID %[unique-id]',
  '  http-request set-header X-Real-IP %[src]',
  '  http-request set-header X-Forwarded-For %[src]',
  `  http-request set-header X-Forwarded-Proto ${mode === 'https' ? 'https' : 'http'}`,
  '  http-request set-header X-Forwarded-Host %[req.hdr(host)]',
  '  http-request set-header X-Forwarded-Port %[dst_port]',
  '  http-response set-header X-Request-ID %[unique-id]',
];
