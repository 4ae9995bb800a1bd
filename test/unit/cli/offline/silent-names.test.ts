import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

import { buildProgram, PROGRAM } from '../../../support/labs/built-program.ts';
import { DnsServer } from '../../../support/addresses/dns-server.ts';
import { owned } from '../../../support/owned.ts';

buildProgram();

it('balance ends while name servers say nothing, however long they may take', async () => {
  const server = await DnsServer.start();
  server.otherwise = 'silent';
  const folder = mkdtempSync(join(tmpdir(), 'balance-silent-'));
  const config = join(folder, 'balance.yaml');
  writeFileSync(
    config,
    `listen: '127.0.0.1:0'
dns: { servers: ['${server.address}'], timeout: 1h }
backends: [{ address: 'one.dead.test:9' }, { address: 'two.dead.test:9' }, { address: 'three.dead.test:9' }]
health_check: { type: tcp }
tracing: { endpoint: 'http://four.dead.test:9/', exporter: otlp }
`,
  );
  const child = spawn(process.execPath, [PROGRAM, 'run', '--config', config]);
  owned({
    close: () => {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true });
    },
  });
  child.stdout.resume();
  await server.untilAsked('three.dead.test AAAA');
  child.kill('SIGTERM');
  expect(await once(child, 'close')).toEqual([0, null]);
});
