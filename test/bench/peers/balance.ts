import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bench, Peer } from '../bench.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const program = join(root, 'dist/src/cli/main.js');

export const balance: Peer = {
  name: 'balance',
  version() {
    if (!existsSync(program)) return undefined;
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    return `balance ${manifest.version} on Node ${process.versions.node}`;
  },
  command(mode, bench, ports) {
    const file = join(bench.folder, `balance-${mode}.yaml`);
    writeFileSync(
      file,
      `listeners:
  - name: bench
    listen: 127.0.0.1:${ports.listen}
    mode: ${mode}
    upstream: backend
upstreams:
  - name: backend
    backends:
      - name: backend-1
        address: 127.0.0.1:${ports.backend}
    health_check:
      type: ${mode}
${mode === 'http' ? '      path: /small\n' : ''}      interval: 2s
metrics:
  enabled: true
  listen: 127.0.0.1:${ports.admin}
logging:
  level: warn
  access_log: false
`,
    );
    return [process.execPath, ...profiling(bench), program, 'run', '--config', file];
  },
};

function profiling(bench: Bench): readonly string[] {
  if (!bench.profile) return [];
  const folder = join(root, '.cache/profile');
  mkdirSync(folder, { recursive: true });
  return ['--cpu-prof', `--cpu-prof-dir=${folder}`];
}
