import type { Config } from '../schema/config.generated.ts';
import type { ConfigChange } from './config-change.ts';
import { diffListeners } from './diff-listeners.ts';
import { diffSettings } from './diff-settings.ts';
import { diffUpstreams } from './diff-upstreams.ts';
import { HOT, ConfigSection, type Consequence } from './config-section.ts';
import { SocketPlan, type BoundAddresses } from './socket-plan.ts';

const SERVERS: ReadonlySet<string> = new Set([
  'admin',
  'admin.listen',
  'metrics.enabled',
  'metrics.listen',
  'metrics.listener',
]);
const NOTES: Readonly<Record<string, string>> = {
  'dns.servers': 'look-ups that run begin anew',
  'metrics.buckets': 'these histograms go on in the new buckets',
  'reload.drain_timeout': 'counts for what drains already, too',
  'shutdown.timeout': 'counts for the next shutdown',
};

/**
 * What differs between two normalized configs, one change for each thing that a person would name, and what each means
 * for a proxy that runs the first and gets the second. Equal configs give none; what stands in another order without
 * meaning anything else is none. Without `before`, all listeners and upstreams in `after` are new.
 * @param addresses Where the listeners of a running proxy are bound that ask for any free port.
 */
export function diffConfigs(
  before: Config | undefined,
  after: Config,
  addresses?: BoundAddresses,
): ConfigChange[] {
  return [...configChanges(before, after, addresses)];
}

/** {@link diffConfigs}, one change after the other: to put a thousand into words takes its time. */
export function* configChanges(
  before: Config | undefined,
  after: Config,
  addresses?: BoundAddresses,
): Generator<ConfigChange, void> {
  const old = before ?? { ...after, listeners: [], upstreams: [] };
  const root = ConfigSection.root();
  const sockets = new SocketPlan(old, after, addresses);
  const consequenceOf = (key: string): Consequence => {
    if (SERVERS.has(key)) return sockets.adminMoving();
    if (key.startsWith('admin.tls')) return ADMIN_TLS;
    if (key.startsWith('tracing')) return TRACING;
    const note = NOTES[key];
    return note === undefined ? HOT : { ...HOT, note };
  };
  yield* diffListeners(old.listeners, after.listeners, sockets, root);
  yield* diffUpstreams(old, after, root);
  yield* diffSettings(old, after, root, consequenceOf, ['listeners', 'upstreams']);
}

const ADMIN_TLS: Consequence = {
  effect: 'drains',
  note: 'counts for new connections to the admin server; the others close behind their answers',
};
const TRACING: Consequence = { effect: 'hot', note: 'spans that wait are sent as before' };
