import { addressKey, parseAddress } from '../values/address.ts';
import type { Config, Listener } from './config.generated.ts';

/** The addresses that may read the metrics by default on the port of a listener, which anybody may reach: loopback, private and link-local ones. */
const NEARBY = [
  '127.0.0.0/8',
  '::1',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '169.254.0.0/16',
  'fc00::/7',
  'fe80::/10',
];

/**
 * When a listener serves the metrics, fills in both its name and its address, and who may read them there. The name of a listener that
 * can't serve them is left as it is: the checks report it.
 */
export function withMetricsListener(config: Config): Config {
  const { metrics } = config;
  if (!metrics.enabled) return config;
  const listener = metricsListener(config);
  if (listener?.mode !== 'http') return config;
  const { name, address } = listener;
  return { ...config, metrics: { allow: NEARBY, ...metrics, listener: name, listen: address } };
}

function metricsListener({ listeners, metrics }: Config): Listener | undefined {
  if (metrics.listener !== undefined) return listeners.find(({ name }) => name === metrics.listener);
  const wanted = parseAddress(metrics.listen);
  // Port 0 means another free port for each socket that is bound.
  if (wanted.kind === 'tcp' && wanted.port === 0) return undefined;
  const key = addressKey(wanted);
  return listeners.find(({ address }) => addressKey(parseAddress(address)) === key);
}
