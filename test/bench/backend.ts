import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bench } from './bench.ts';
import { nginxConfig, nginxTlsTerms, nginxVersion } from './nginx-config.ts';
import { pinned } from './cores.ts';
import { freePort } from '../support/addresses/free-ports.ts';
import { bodySizeBytes } from './scenarios.ts';

export interface RunningBackend {
  readonly name: string;
  readonly port: number;
  /** Where it speaks TLS; undefined without nginx. */
  readonly tlsPort: number | undefined;
}

/** Starts the server behind every proxy: nginx where it is installed, as it costs the least, else one in Node. */
export async function startBackend(bench: Bench): Promise<RunningBackend> {
  const port = await freePort();
  const version = nginxVersion();
  if (version === undefined) {
    const program = fileURLToPath(new URL('backend-process.js', import.meta.url));
    await bench.processes.startServer(
      pinned(bench.cores.load, [process.execPath, program, String(port)]),
      port,
    );
    return { name: `node:net on Node ${process.versions.node}`, port, tlsPort: undefined };
  }
  const tlsPort = await freePort();
  const { cert, key } = bench.certificates;
  const folder = join(bench.folder, 'backend');
  mkdirSync(folder, { recursive: true });
  for (const [path, size] of Object.entries(bodySizeBytes))
    writeFileSync(join(folder, path), 'x'.repeat(size));
  const config = nginxConfig(folder, [
    'http {',
    '  default_type text/plain;',
    '  sendfile on;',
    '  tcp_nopush on;',
    '  open_file_cache max=10 inactive=1h;',
    `  ssl_certificate ${cert}; ssl_certificate_key ${key};`,
    ...nginxTlsTerms('ssl'),
    `  server { listen 127.0.0.1:${port} backlog=4096; listen 127.0.0.1:${tlsPort} ssl backlog=4096; root ${folder};`,
    `    location = /small { return 200 "${'x'.repeat(bodySizeBytes['/small'])}"; }`,
    '  }',
    '}',
  ]);
  await bench.processes.startServer(pinned(bench.cores.load, ['nginx', '-p', folder, '-c', config]), port);
  return { name: `nginx ${version}`, port, tlsPort };
}
