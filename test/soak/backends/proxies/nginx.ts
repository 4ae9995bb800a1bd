import { nginxConfig, nginxVersion } from '../../../bench/nginx-config.ts';
import { Processes } from '../../../bench/processes.ts';
import type { KillProxy, ProxySettings } from './kill-proxy.ts';

/**
 * Its default of `proxy_next_upstream`, which is `error timeout`.
 * @param maxFails '': the default, one failure takes a server out for 10 s. 'max_fails=0': none does.
 */
function nginxWith(name: string, maxFails: string): KillProxy {
  return {
    name,
    version: () => {
      const version = nginxVersion();
      return version === undefined ? undefined : `nginx ${version}`;
    },
    async start(settings) {
      const { folder, port, workers } = settings;
      const file = nginxConfig(folder, http(settings, maxFails), '', workers);
      const processes = new Processes();
      await processes.startServer(['nginx', '-p', folder, '-c', file], port);
      return { port, faults: [], close: () => processes.close() };
    },
  };
}

export const nginx = nginxWith('nginx', '');
export const nginxWithoutFails = nginxWith('nginx, max_fails=0', ' max_fails=0');

function http({ backends, port }: ProxySettings, maxFails: string): string[] {
  return [
    'http {',
    `  upstream web { ${backends.map(({ port: at }) => `server 127.0.0.1:${String(at)}${maxFails};`).join(' ')} keepalive 64; }`,
    `  server { listen 127.0.0.1:${String(port)} backlog=4096;`,
    '    location / {',
    '      proxy_pass http://web;',
    '      proxy_http_version 1.1;',
    "      proxy_set_header Connection '';",
    '      proxy_next_upstream error timeout;',
    '    }',
    '  }',
    '}',
  ];
}
