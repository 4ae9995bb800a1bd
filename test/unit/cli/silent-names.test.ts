import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it } from 'vitest';

import { DnsServer } from '../../support/dns-server.ts';
import { owned } from '../../support/owned.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
/** A machine that does other things too may take long to compile. */
const BUILD_LIMIT_MS = 180_000;

beforeAll(() => {
  spawnSync(process.execPath, [join(root, 'src/prepare.mjs')], { stdio: 'inherit' });
}, BUILD_LIMIT_MS);

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
  const child = spawn(process.execPath, [join(root, 'dist/src/cli/main.js'), 'run', '--config', config]);
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
