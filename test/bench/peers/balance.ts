import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bench, Peer, PeerPorts } from '../bench.ts';
import { certificateName, tlsTerms } from '../bench-certificates.ts';
import { isHttp } from '../scenarios.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

/** The telemetry of a proxy, as sections of its config. */
type Telemetry = (ports: PeerPorts) => string;

const metrics: Telemetry = ({ admin }) => `metrics: { enabled: true, listen: '127.0.0.1:${admin}' }\n`;
const quiet: Telemetry = () => 'logging: { level: warn, access_log: false }\n';
const accessLog: Telemetry = () => 'logging: { level: warn, format: json, access_log: true }\n';
const tracing =
  (exporter: 'jaeger' | 'otlp', sampleRate: number): Telemetry =>
  ({ collector }) =>
    `tracing: { enabled: true, exporter: ${exporter}, endpoint: 'http://127.0.0.1:${collector}/', sample_rate: ${sampleRate} }\n`;

export function balance(workers: number, name = 'balance'): Peer {
  return peer(name, [metrics, quiet], { workers });
}

/** The build in another checkout, with the same config. */
export function balanceBefore(folder: string): Peer {
  return peer('before', [metrics, quiet], { checkout: resolve(folder) });
}

/** balance with more and more to tell; the first one is what the others are held against. */
export const telemetryPeers: readonly Peer[] = [
  peer('plain', [quiet]),
  peer('metrics', [metrics, quiet]),
  peer('access log', [metrics, accessLog]),
  peer('Jaeger 10 %', [metrics, quiet, tracing('jaeger', 0.1)]),
  peer('Jaeger 100 %', [metrics, quiet, tracing('jaeger', 1)]),
  peer('OTLP 10 %', [metrics, quiet, tracing('otlp', 0.1)]),
  peer('OTLP 100 %', [metrics, quiet, tracing('otlp', 1)]),
];

const BREAKER = 'circuit_breaker: { enabled: true }';
const RETRIES = 'retry: { enabled: true }';
const PASSIVE = `      passive_checks: { enabled: true, consecutive_failures: 5, error_rate_threshold: 0.5, window: 30s }\n`;
const OUTLIERS = '    outlier_detection: { enabled: true }\n';
const resilience = (...settings: readonly string[]): string => `    resilience: { ${settings.join(', ')} }\n`;

/** balance with more and more care for backends that fail; active checks run in all. The first one is what the others are held against. */
export const resiliencePeers: readonly Peer[] = [
  peer('all off', [metrics, quiet]),
  peer('breaker', [metrics, quiet], { upstream: resilience(BREAKER) }),
  peer('retries', [metrics, quiet], { upstream: resilience(RETRIES) }),
  peer('passive checks', [metrics, quiet], { upstream: PASSIVE + OUTLIERS }),
  peer('all on', [metrics, quiet], { upstream: PASSIVE + OUTLIERS + resilience(BREAKER, RETRIES) }),
  // How much the same differs by itself.
  peer('all off again', [metrics, quiet]),
];

interface Differences {
  /** Default: 1. */
  readonly workers?: number;
  /** The folder of the build. Default: this one. */
  readonly checkout?: string;
  /** Lines for the upstream; first those that belong to its `health_check`. Default: none. */
  readonly upstream?: string;
}

function peer(name: string, telemetry: readonly Telemetry[], differences: Differences = {}): Peer {
  const { workers = 1, checkout = root, upstream = '' } = differences;
  const program = join(checkout, 'dist/src/cli/main.js');
  return {
    name,
    version() {
      if (!existsSync(program)) return undefined;
      const manifest = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')) as {
        version: string;
      };
      return `balance ${manifest.version} on Node ${process.versions.node}`;
    },
    command(mode, bench, ports) {
      const file = join(bench.folder, `balance-${mode}-${ports.listen}.yaml`);
      writeFileSync(
        file,
        `listeners:
  - name: bench
    listen: 127.0.0.1:${ports.listen}
    mode: ${isHttp(mode) ? 'http' : 'tcp'}
    upstream: backend
${mode === 'https' ? toClients(bench) : ''}upstreams:
  - name: backend
    backends:
      - name: backend-1
        address: 127.0.0.1:${ports.backend}
    health_check:
      type: ${mode === 'backend-tls' ? 'https' : mode === 'tcp' ? 'tcp' : 'http'}
${isHttp(mode) ? '      path: /small\n' : ''}      interval: 2s
${upstream}${mode === 'backend-tls' ? toBackend(bench) : ''}${workers > 1 ? `workers: ${workers}\n` : ''}${telemetry.map((section) => section(ports)).join('')}`,
      );
      return [process.execPath, ...profiling(bench), program, 'run', '--config', file];
    },
  };
}

const { cipherSuite, curve } = tlsTerms;

function toClients({ certificates: { cert, key } }: Bench): string {
  return `    tls: { cert_file: ${cert}, key_file: ${key}, min_version: '1.3', cipher_suites: [${cipherSuite}], curves: [${curve}] }\n`;
}

function toBackend({ certificates: { ca } }: Bench): string {
  return `    tls: { enabled: true, ca_file: ${ca}, server_name: ${certificateName}, min_version: '1.3', cipher_suites: [${cipherSuite}] }\n`;
}

function profiling(bench: Bench): readonly string[] {
  if (!bench.profile) return [];
  const folder = join(root, '.cache/profile');
  mkdirSync(folder, { recursive: true });
  return ['--cpu-prof', `--cpu-prof-dir=${folder}`];
}
