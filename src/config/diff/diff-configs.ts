import type { RulesOf } from '../options/listener-options.ts';
import type { Config } from '../schema/config.generated.ts';
import type { ConfigChange } from './config-change.ts';
import { diffListeners } from './diff-listeners.ts';
import { diffUpstreams } from './diff-upstreams.ts';
import { ConfigSection, HOT, type Effect } from './config-section.ts';
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
  'upgrade.command': 'counts for the next upgrade',
  'upgrade.timeout': 'counts for the next upgrade',
};

export interface DiffOptions {
  /** The rules of protocols, which know what an edit of their options means. */
  readonly rulesOf: RulesOf;
  /** Where the listeners of a running proxy are bound that ask for any free port. Default: nowhere. */
  readonly addresses?: BoundAddresses;
}

/**
 * What differs between two normalized configs, one change for each thing that an operator would name, and what each change means
 * for a proxy that runs the first config and gets the second. Equal configs have no changes; an order that means nothing is
 * none. Without `before`, all listeners and upstreams of `after` are new.
 */
export function diffConfigs(before: Config | undefined, after: Config, options: DiffOptions): ConfigChange[] {
  return [...configChanges(before, after, options)];
}

/** {@link diffConfigs}, one change after the other: a thousand changes take some time, which can be spent in slices. */
export function* configChanges(
  before: Config | undefined,
  after: Config,
  { rulesOf, addresses }: DiffOptions,
): Generator<ConfigChange, void> {
  const old = before ?? { ...after, listeners: [], upstreams: [] };
  const root = ConfigSection.root();
  const sockets = new SocketPlan(old, after, addresses);
  const effectOf = (key: string): Effect => {
    if (SERVERS.has(key)) return sockets.adminMoving();
    if (key.startsWith('admin.tls')) return ADMIN_TLS;
    if (key.startsWith('tracing')) return TRACING;
    if (key === 'workers.count') return WORKERS;
    const note = NOTES[key];
    return note === undefined ? HOT : { ...HOT, note };
  };
  yield* diffListeners(old.listeners, after.listeners, sockets, root, rulesOf);
  yield* diffUpstreams(old, after, root, rulesOf);
  yield* root.settings(old, after, effectOf, ['listeners', 'upstreams']);
}

const ADMIN_TLS: Effect = {
  effect: 'drains',
  note: 'counts for new connections to the admin server; the others close behind their answers',
};
const WORKERS: Effect = { effect: 'restart', note: 'has effect at the next start or upgrade' };
const TRACING: Effect = { effect: 'hot', note: 'spans that wait are sent as before' };
