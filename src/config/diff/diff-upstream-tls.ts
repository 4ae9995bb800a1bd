import type { UpstreamTls } from '../schema/config.generated.ts';
import { isEqual } from '../values/is-equal.ts';
import type { ConfigChange } from './config-change.ts';
import type { ConfigSection, Effect } from './config-section.ts';
import { upstreamTlsWords } from './tls-words.ts';

/** The changes of TLS with the backends of an upstream. */
export function* diffUpstreamTls(
  before: UpstreamTls | undefined,
  after: UpstreamTls | undefined,
  upstream: ConfigSection,
  effect: Effect,
): Generator<ConfigChange, void> {
  if (isEqual(before, after)) return;
  if (before === undefined || after === undefined) {
    const words =
      after === undefined
        ? 'tls removed: connections to backends are not encrypted any more'
        : `tls added: ${upstreamTlsWords(after)}`;
    yield upstream.setting('tls', effect, before, after, words);
    return;
  }
  const [was, is] = [before.insecure_skip_verify, after.insecure_skip_verify];
  if (was !== is) {
    const words = `tls.insecure_skip_verify ${String(was)} → ${String(is)}: ${upstreamTlsWords(after)}`;
    yield upstream.section('tls').setting('insecure_skip_verify', effect, was, is, words);
  }
  const [old, now] = [before, after].map((tls) => ({ ...tls, insecure_skip_verify: undefined }));
  yield* upstream.settings({ tls: old }, { tls: now }, () => effect);
}
