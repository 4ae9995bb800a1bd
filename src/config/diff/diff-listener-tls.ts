import { clientAuthOf, type ClientAuth } from '../certificates/client-auth-of.ts';
import { clientAuthWords } from '../certificates/client-auth-words.ts';
import type { ListenerTls, SniRoute, SniRouting } from '../schema/config.generated.ts';
import { isEqual } from '../values/is-equal.ts';
import { settingWords } from './change-words.ts';
import type { ConfigChange } from './config-change.ts';
import type { ConfigSection, Effect } from './config-section.ts';
import {
  certificateWords,
  defaultRouteWords,
  listenerTlsWords,
  newTargetWords,
  routeWords,
} from './tls-words.ts';

const NEW_HANDSHAKES: Effect = {
  effect: 'hot',
  note: 'counts for new handshakes; open connections stay',
};
const NEW_PLAIN: Effect = { effect: 'hot', note: 'counts for new connections; open ones stay encrypted' };
const ON: Effect = { effect: 'hot', note: 'counts for new connections; open ones stay as they are' };

/** The changes of TLS with the clients of a listener: certificates, names, and the certificates that clients must show. */
export function* diffListenerTls(
  before: ListenerTls | undefined,
  after: ListenerTls | undefined,
  listener: ConfigSection,
): Generator<ConfigChange, void> {
  if (isEqual(before, after)) return;
  if (before === undefined || after === undefined) {
    yield after === undefined
      ? listener.setting(
          'tls',
          NEW_PLAIN,
          before,
          after,
          'tls removed: connections are not encrypted any more',
        )
      : listener.setting('tls', ON, before, after, `tls added: ${listenerTlsWords(after)}`);
    return;
  }
  const section = listener.section('tls');
  yield* section.list('certificates', before.certificates, after.certificates, {
    noun: 'certificate',
    nameOf: ({ cert_file: file }) => file,
    identities: [({ cert_file: file }) => file, ({ domains }) => domains.join(' ')],
    added: () => NEW_HANDSHAKES,
    removed: () => NEW_HANDSHAKES,
    words: certificateWords,
    reordered: 'certificates in another order',
    *changed(old, now, own) {
      yield* diffClientAuth(old, now, own, 'client_auth', clientAuthOf(now, after));
      yield* own.settings(old, now, () => NEW_HANDSHAKES, ['client_auth']);
    },
  });
  yield* diffClientAuth(before, after, section, 'tls.client_auth', ruleOf(after));
  yield* listener.settings({ tls: plainOf(before) }, { tls: plainOf(after) }, () => NEW_HANDSHAKES);
  yield* diffRouting(before.sni, after.sni, section);
}

/** A change of `client_auth`, with the rule that clients meet now as a sentence. `key` is the name of the setting in the summary. */
function* diffClientAuth(
  { client_auth: before }: Partial<ListenerTls>,
  { client_auth: after }: Partial<ListenerTls>,
  section: ConfigSection,
  key: string,
  rule: ClientAuth,
): Generator<ConfigChange, void> {
  if (before === after) return;
  const kind = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed';
  const words = `${key} ${settingWords(kind, before, after)}: ${clientAuthWords(rule)}`;
  yield section.setting('client_auth', NEW_HANDSHAKES, before, after, words);
}

/** The settings that have no words of their own. */
function plainOf(tls: ListenerTls): object {
  return { ...tls, certificates: undefined, sni: undefined, client_auth: undefined };
}

function ruleOf({ client_auth, client_ca_file, client_crl_file }: ListenerTls): ClientAuth {
  return { mode: client_auth, caFile: client_ca_file, crlFile: client_crl_file };
}

function* diffRouting(
  before: SniRouting | undefined,
  after: SniRouting | undefined,
  tls: ConfigSection,
): Generator<ConfigChange, void> {
  const section = tls.section('sni');
  yield* section.list<SniRoute>('routes', before?.routes ?? [], after?.routes ?? [], {
    noun: 'name',
    nameOf: ({ name }) => name,
    added: () => NEW_HANDSHAKES,
    removed: () => NEW_HANDSHAKES,
    words: routeWords,
    *changed(old, now, route) {
      yield route.setting('upstream', NEW_HANDSHAKES, old.upstream, now.upstream, newTargetWords(old, now));
    },
  });
  const [old, now] = [before?.default, after?.default];
  if (old !== now) yield section.setting('default', NEW_HANDSHAKES, old, now, defaultRouteWords(old, now));
  const [limit, limitNow] = [before?.idle_timeout, after?.idle_timeout];
  if (limit !== limitNow) yield section.setting('idle_timeout', NEW_HANDSHAKES, limit, limitNow);
}
