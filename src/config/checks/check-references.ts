import type { OptionsPath, UpstreamUse } from '../../plugin-api/index.ts';
import { configPath, passedUpstreams } from '../options/listener-options.ts';
import { suggestion } from '../problems/closest.ts';
import type { Path } from '../problems/problem.ts';
import { parseHashKey } from '../values/hash-key.ts';
import type { ListenerCheckContext } from './check-context.ts';

/** Upstreams that listeners name exist, and upstreams that exist are used. */
export function checkReferences(context: ListenerCheckContext): void {
  for (const index of context.config.listeners.keys()) checkReferencesOf(index, context);
  warnOfUnusedUpstreams(context);
}

/** The upstreams that one listener names exist, and its protocol has the keys that they balance by. */
export function checkReferencesOf(index: number, context: ListenerCheckContext): void {
  const { config, uses } = context;
  const listener = config.listeners[index];
  if (listener === undefined) return;
  if (uses.failures.has(index)) throw uses.failures.get(index);
  if (listener.upstream !== undefined)
    checkReference(listener.upstream, ['listeners', index, 'upstream'], context);
  for (const use of uses.ofListener(index)) {
    const { name, place } = use;
    if (place !== 'upstream') checkReference(name, configPath(index, listener, place), context);
    checkHashKey(name, listener.mode, context);
    warnOfSecondTries(use, (path) => configPath(index, listener, path), context);
  }
  // A connection that is passed on undecrypted is one of TCP, whatever the listener's mode is.
  for (const name of passedUpstreams(listener)) checkHashKey(name, 'tcp', context);
}

/** Warns of upstreams that nothing uses. A protocol that does not say what it uses may use any of them. */
export function warnOfUnusedUpstreams({ config, uses, warn }: ListenerCheckContext): void {
  if (!uses.isComplete) return;
  for (const [index, { name }] of config.upstreams.entries())
    if (!uses.isUsed(name)) warn(['upstreams', index, 'name'], 'is used by no listener and no route');
}

function checkReference(name: string, path: Path, context: ListenerCheckContext): void {
  const { config, uses, error, shown } = context;
  if (uses.indexOf(name) !== undefined) return;
  const names = config.upstreams.map((upstream) => upstream.name);
  const known = names.length === 0 ? '; there are no upstreams' : suggestion(name, names);
  error(path, `names the upstream ${shown(path, name)}, which does not exist${known}`);
}

/** Settings for second tries need the budget of their upstream, which only an upstream with such settings has. */
function warnOfSecondTries(
  { name, retry, hedge }: UpstreamUse,
  pathOf: (place: OptionsPath) => Path,
  { config, uses, warn }: ListenerCheckContext,
): void {
  const { resilience } = config.upstreams[uses.indexOf(name) ?? -1] ?? {};
  if (resilience === undefined) return;
  const tries = resilience.retry?.enabled === true;
  if (retry !== undefined && !tries)
    warn(pathOf(retry), 'has no effect: the upstream of the route has no resilience.retry, or it is off');
  if (hedge !== undefined && !tries && resilience.hedge?.enabled !== true)
    warn(
      pathOf(hedge),
      'has no effect: the upstream of the route has neither resilience.retry nor resilience.hedge, or both are off',
    );
}

/** A TCP connection, for example, has no header, cookie, path or query. */
function checkHashKey(name: string, mode: string, context: ListenerCheckContext): void {
  const { config, rulesOf, uses, error } = context;
  const kinds = rulesOf(mode)?.keyKinds;
  const index = uses.indexOf(name);
  if (kinds === undefined || index === undefined) return;
  const sticky = config.upstreams[index]?.sticky;
  if (sticky?.enabled === true && sticky.type !== 'source' && !kinds.includes(sticky.type))
    error(
      ['upstreams', index, 'sticky'],
      `needs ${sticky.type === 'cookie' ? 'cookies' : 'header fields'}, and a listener in mode ${mode} uses this upstream; type: source works there`,
    );
  const hashKey = config.upstreams[index]?.load_balancer.hash_key;
  if (hashKey === undefined || kinds.includes(parseHashKey(hashKey).kind)) return;
  error(
    ['upstreams', index, 'load_balancer', 'hash_key'],
    `must be ${kinds.join(' or ')}, as a listener in mode ${mode} uses this upstream`,
  );
}
