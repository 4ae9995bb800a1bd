import { ProxyProcess } from '../../../fuzz/proxy-process.ts';
import type { MortalBackend } from '../backend-fleet.ts';
import type { KillProxy } from './kill-proxy.ts';

/**
 * Ejection and its panic threshold as they are by default, and checks of each second.
 *
 * @param percent the budget of retries
 */
function balanceWith(name: string, percent: number): KillProxy {
  return {
    name,
    version: () => `balance on Node ${process.versions.node}`,
    async start({ backends, workers }) {
      const weights = backends.map(() => 1);
      const proxy = await ProxyProcess.start(config(backends, weights, workers, percent), 1);
      return {
        port: proxy.port('web'),
        faults: proxy.faults,
        edit: async (others) => proxy.edit(config(backends, others, workers, percent)),
        close: async () => {
          await proxy.stop();
        },
      };
    },
  };
}

/** When one of two backends that live dies, half of the requests must be sent again; the others have no budget either. */
export const balance = balanceWith('balance', 100);
export const balanceByDefault = balanceWith('balance, budget 20 %', 20);

function config(
  backends: readonly MortalBackend[],
  weights: readonly number[],
  workers: number,
  percent: number,
): string {
  return `workers: ${String(workers)}
listeners: [{ name: web, listen: '127.0.0.1:0', http: {}, upstream: web }]
upstreams:
  - name: web
    backends:
${backends.map(({ name, port }, at) => `      - { name: ${name}, address: '127.0.0.1:${String(port)}', weight: ${String(weights[at])} }`).join('\n')}
    health_check: { path: /health, interval: 1s, timeout: 1s }
    outlier_detection: {}
    resilience: { retry: { max_attempts: ${String(backends.length + 1)}, budget: { percent: ${String(percent)} } } }
admin: { listen: '127.0.0.1:0' }
logging: { level: info, format: json, access_log: false }
reload: { watch: false }
`;
}
