import { join } from 'node:path';
import type { Peer } from '../bench.ts';
import { nginxConfig, nginxStreamLine, nginxVersion } from '../nginx-config.ts';

export const nginx: Peer = {
  name: 'nginx',
  version(mode) {
    if (mode === 'tcp' && nginxStreamLine() === undefined) return undefined;
    const version = nginxVersion();
    return version === undefined ? undefined : `nginx ${version}`;
  },
  command(mode, bench, ports) {
    const folder = join(bench.folder, `nginx-${mode}`);
    const config =
      mode === 'http'
        ? nginxConfig(folder, http(ports.listen, ports.backend))
        : nginxConfig(folder, stream(ports.listen, ports.backend), nginxStreamLine());
    return ['nginx', '-p', folder, '-c', config];
  },
};

function http(listen: number, backend: number): readonly string[] {
  return [
    'http {',
    `  upstream backend { server 127.0.0.1:${backend}; keepalive 4096; keepalive_requests 1000000000; }`,
    `  server { listen 127.0.0.1:${listen} backlog=4096;`,
    '    location / {',
    '      proxy_pass http://backend;',
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
