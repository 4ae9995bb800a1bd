import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

import { freePort } from '../../support/addresses/free-ports.ts';
import { eventually } from '../../support/time/eventually.ts';
import { writeInto } from '../../support/write-into.ts';
import { accepts } from '../../support/addresses/accepts.ts';

/** What a request of a test is answered with: what nginx saw of the connection. */
const SEEN =
  'version=$ssl_protocol sni=$ssl_server_name client=$ssl_client_s_dn verified=$ssl_client_verify reused=$ssl_session_reused host=$host';

/**
 * Starts an nginx that speaks TLS and answers with what it saw; it ends with the test. `tls` are its directives, in which `DIR` is the
 * directory of the files. Returns its port.
 */
export async function nginxServer(tls: string, files: Readonly<Record<string, string>>): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'balance-nginx-'));
  const port = await freePort();
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const config = `daemon off;
master_process off;
pid DIR/nginx.pid;
error_log stderr warn;
events {}
http {
  access_log off;
  ${paths.map((name) => `${name}_temp_path DIR/${name};`).join(' ')}
  server {
    listen 127.0.0.1:${String(port)} ssl;
    ${tls}
    location / { default_type text/plain; return 200 "${SEEN}"; }
    # No length: the end of the connection is the end of the body.
    location /until-close { chunked_transfer_encoding off; gzip on; gzip_min_length 1; gzip_types text/plain; default_type text/plain;
      alias DIR/; }
  }
}
`;
  await writeInto(directory, { 'nginx.conf': config.replaceAll('DIR', directory), ...files });
  const child = spawn('nginx', ['-c', join(directory, 'nginx.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let output = '';
  child.stderr.on('data', (text: Buffer) => (output += text.toString()));
  onTestFinished(async () => {
    if (child.exitCode === null && child.kill('SIGTERM')) await once(child, 'exit');
    await rm(directory, { recursive: true, force: true });
  });
  await eventually(
    () => {
      if (child.exitCode !== null) throw new Error(output);
      return accepts(port);
    },
    () => `nginx listens: ${output}`,
  );
  return port;
}
