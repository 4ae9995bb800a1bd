import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { tlsTerms } from './bench-certificates.ts';

const streamModule = 'ngx_stream_module.so';
const moduleFolders = ['/usr/lib/nginx/modules', '/usr/share/nginx/modules', '/usr/lib64/nginx/modules'];

/** The installed version, or undefined. */
export function nginxVersion(): string | undefined {
  return /nginx\/(\S+)/.exec(describe())?.[1];
}

/** The line that makes `stream` known: '' where it is built in, undefined where it is missing. */
export function nginxStreamLine(): string | undefined {
  if (/--with-stream(\s|$)/.test(describe())) return '';
  const file = moduleFolders.map((folder) => join(folder, streamModule)).find((path) => existsSync(path));
  return file === undefined ? undefined : `load_module ${file};`;
}

/** Writes the configuration of an nginx that keeps all its files in `folder`; returns its path. */
export function nginxConfig(folder: string, body: readonly string[], moduleLine = '', workers = 1): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'nginx.conf');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `  ${name}_temp_path ${join(folder, name)};`,
  );
  const lines = [
    moduleLine,
    ...(process.getuid?.() === 0 ? ['user root;'] : []),
    'daemon off;',
    `worker_processes ${workers};`,
    `worker_rlimit_nofile ${workers > 1 ? 131_072 : 40_000};`,
    `pid ${join(folder, 'nginx.pid')};`,
    'error_log stderr crit;',
    'events { worker_connections 32768; }',
    ...body.flatMap((line) =>
      line === 'http {'
        ? [
            line,
            ...temporary,
            '  access_log off;',
            '  keepalive_requests 1000000000;',
            '  keepalive_timeout 1h;',
          ]
        : [line],
    ),
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

/** The lines that limit TLS to {@link tlsTerms}; `ssl` for servers, `proxy_ssl` for connections to backends. */
export function nginxTlsTerms(side: 'ssl' | 'proxy_ssl'): readonly string[] {
  const { version, cipherSuite, curve } = tlsTerms;
  return [
    `  ${side}_protocols ${version};`,
    `  ${side}_conf_command Ciphersuites ${cipherSuite};`,
    ...(side === 'ssl' ? [`  ssl_ecdh_curve ${curve};`] : []),
  ];
}

function describe(): string {
  const result = spawnSync('nginx', ['-V'], { encoding: 'utf8' });
  return result.status === 0 ? result.stderr : '';
}
