import { addressKey, parseAddress } from '../values/address.ts';
import type { Config, Listener } from './config.generated.ts';

/** Who may read the metrics on a port that serves everybody: loopback, private and link-local addresses. */
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
 * The config with both names of a listener that serves the metrics, its own and its address, and with those who may ask there. Names
 * of listeners that can't serve them stay, for the checks to find.
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
  // Port 0 is another port for each who asks for it.
  if (wanted.kind === 'tcp' && wanted.port === 0) return undefined;
  const key = addressKey(wanted);
  return listeners.find(({ address }) => addressKey(parseAddress(address)) === key);
}
