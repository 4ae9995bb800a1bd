import { join } from 'node:path';
import type { Bench, Peer, PeerPorts } from '../bench.ts';
import { certificateName } from '../bench-certificates.ts';
import { nginxConfig, nginxStreamLine, nginxTlsTerms, nginxVersion } from '../nginx-config.ts';
import type { Mode } from '../scenarios.ts';

export function nginx(workers: number, name = 'nginx'): Peer {
  return {
    name,
    version(mode) {
      if (mode === 'tcp' && nginxStreamLine() === undefined) return undefined;
      const version = nginxVersion();
      return version === undefined ? undefined : `nginx ${version}`;
    },
    command(mode, bench, ports) {
      const folder = join(bench.folder, `nginx-${mode}-${ports.listen}`);
      const config =
        mode !== 'tcp'
          ? nginxConfig(folder, http(mode, bench, ports), '', workers)
          : nginxConfig(folder, stream(ports.listen, ports.backend), nginxStreamLine(), workers);
      return ['nginx', '-p', folder, '-c', config];
    },
  };
}

function http(mode: Mode, { certificates }: Bench, { listen, backend }: PeerPorts): readonly string[] {
  const { cert, key, ca } = certificates;
  const toClients =
    mode === 'https'
      ? [`  ssl_certificate ${cert}; ssl_certificate_key ${key};`, ...nginxTlsTerms('ssl')]
      : [];
  const toBackend =
    mode === 'backend-tls'
      ? [
          ...nginxTlsTerms('proxy_ssl'),
          `  proxy_ssl_verify on; proxy_ssl_trusted_certificate ${ca};`,
          `  proxy_ssl_name ${certificateName}; proxy_ssl_server_name on;`,
        ]
      : [];
  return [
    'http {',
    ...toClients,
    ...toBackend,
    `  upstream backend { server 127.0.0.1:${backend}; keepalive 4096; keepalive_requests 1000000000; }`,
    `  server { listen 127.0.0.1:${listen}${mode === 'https' ? ' ssl' : ''} backlog=4096;`,
    '    location / {',
    `      proxy_pass ${mode === 'backend-tls' ? 'https' : 'http'}://backend;`,
    '      proxy_http_version 1.1;',
    // A body that the client takes slower than the backend sends waits in the backend, not on the disk.
    '      proxy_max_temp_file_size 0;',
    '      proxy_set_header Connection "";',
    '      proxy_set_header Host $http_host;',
    '      proxy_set_header X-Real-IP $remote_addr;',
    '      proxy_set_header X-Forwarded-For $remote_addr;',
    '      proxy_set_header X-Forwarded-Proto $scheme;',
    '      proxy_set_header X-Forwarded-Host $http_host;',
    '      proxy_set_header X-Forwarded-Port $server_port;',
    '      proxy_set_header X-Request-ID $request_id;',
    '      add_header X-Request-ID $request_id;',
    '    }',
    '  }',
    '}',
  ];
}

function stream(listen: number, backend: number): readonly string[] {
  return [
    'stream {',
    '  access_log off;',
    `  upstream backend { server 127.0.0.1:${backend}; }`,
    `  server { listen 127.0.0.1:${listen} backlog=4096; proxy_pass backend; }`,
    '}',
  ];
}
