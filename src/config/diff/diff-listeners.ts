import { optionsKey, optionsOf, type RulesOf } from '../options/listener-options.ts';
import { UpstreamUses } from '../options/upstream-uses.ts';
import type { Listener } from '../schema/config.generated.ts';
import { isEqual } from '../values/is-equal.ts';
import type { ConfigChange } from './config-change.ts';
import { HOT, type ConfigSection, type Effect } from './config-section.ts';
import { diffListenerTls } from './diff-listener-tls.ts';
import type { SocketPlan } from './socket-plan.ts';

const OTHER_PROTOCOL: Effect = {
  effect: 'drains',
  note: 'the socket stays; connections of the old mode finish what runs on them and close',
};
const NEW_CONNECTIONS: Effect = { effect: 'hot', note: 'counts for new connections' };

/** Settings of a listener that count when it accepts a connection. */
const ACCEPTING: ReadonlySet<string> = new Set(['max_connections', 'tcp_keepalive']);
/** Settings that no protocol sees. */
const OF_SOCKETS: ReadonlySet<string> = new Set(['name', 'socket_mode']);

/** What changed about listeners, and about the options of their protocols. */
export function diffListeners(
  before: readonly Listener[],
  after: readonly Listener[],
  sockets: SocketPlan,
  root: ConfigSection,
  rulesOf: RulesOf,
): Iterable<ConfigChange> {
  return root.list('listeners', before, after, {
    noun: 'listener',
    nameOf: ({ name }) => name,
    identities: [({ name }) => name, ({ address }) => address],
    added: (listener) => sockets.binding(listener),
    removed: (listener) => sockets.closing(listener),
    changed: (old, now, section) => diffListener(old, now, section, sockets, rulesOf),
  });
}

function* diffListener(
  before: Listener,
  after: Listener,
  section: ConfigSection,
  sockets: SocketPlan,
  rulesOf: RulesOf,
): Generator<ConfigChange, void> {
  const effectOf = (key: string): Effect => {
    if (key === 'address') return sockets.moving(before, after);
    if (key === 'name') return sockets.renaming(before, after);
    if (key === 'mode') return OTHER_PROTOCOL;
    if (ACCEPTING.has(key) || key.startsWith('proxy_protocol')) return NEW_CONNECTIONS;
    return OF_SOCKETS.has(key) || hasExchanges(before, after, rulesOf) ? HOT : NEW_CONNECTIONS;
  };
  yield* section.settings(before, after, effectOf, ['http', 'tcp', 'options', 'tls']);
  yield* diffListenerTls(before.tls, after.tls, section);
  // The options of different protocols have nothing in common.
  if (before.mode === after.mode) yield* diffOptions(before, after, section, rulesOf);
}

/** Whether connections have several exchanges, so that an edit counts from the next exchange on. */
function hasExchanges(before: Listener, after: Listener, rulesOf: RulesOf): boolean {
  if (before.mode !== after.mode) return false;
  const uses = new UpstreamUses({ listeners: [before, after], upstreams: [] }, rulesOf);
  return [0, 1].some((index) => uses.ofListener(index).some(({ sockets }) => sockets === 'keep-alive'));
}

function* diffOptions(
  before: Listener,
  after: Listener,
  section: ConfigSection,
  rulesOf: RulesOf,
): Generator<ConfigChange, void> {
  const key = optionsKey(after.mode);
  const [old, now] = [optionsOf(before), optionsOf(after)];
  if (isEqual(old, now)) return;
  const rules = rulesOf(after.mode);
  if (rules?.diff === undefined)
    yield* section.settings({ [key]: old }, { [key]: now }, () => NEW_CONNECTIONS);
  else yield* rules.diff(old, now, section.section(key));
}
