import type {
  ExplainedForward,
  ExplainedRetry,
  RetrySettings,
  Upstream,
} from '../../../src/plugin-api/index.ts';
import type { CompiledRoute } from '../instance/compiled-route.ts';

/** What becomes of a request beside its first try: further tries, and a copy for a mirror. */
export function explainedTries(
  route: Pick<CompiledRoute, 'retries' | 'mirror'>,
  upstream: Upstream,
  { method, upgrade }: { readonly method: string; readonly upgrade: string },
): Pick<ExplainedForward, 'tries' | 'mirror'> {
  const { retries, mirror } = route;
  return {
    ...(upstream.recovery === undefined ? {} : { tries: triesOf(retries, upstream, method) }),
    ...(mirror === undefined || upgrade !== ''
      ? {}
      : {
          mirror: {
            upstream: mirror.upstream.name,
            percent: mirror.percent,
            body_limit: mirror.bodyLimitBytes,
          },
        }),
  };
}

function triesOf(
  retries: CompiledRoute['retries'],
  upstream: Upstream,
  method: string,
): NonNullable<ExplainedForward['tries']> {
  const rules = retries.of(upstream);
  return {
    retry: rules?.settings.isOn === true ? retryOf(rules.settings) : undefined,
    hedgeAfterMs: rules === undefined || rules.hedgeAfterMs === 0 ? undefined : rules.hedgeAfterMs,
    repeats: rules?.repeats(method) === true,
    byRule: retries.areChanged,
  };
}

function retryOf(settings: RetrySettings): ExplainedRetry {
  return {
    max_attempts: settings.maxAttempts,
    on: conditionsOf(settings),
    per_try_timeout_ms: settings.perTryTimeoutMs,
    body_limit: settings.bodyLimitBytes,
  };
}

/** The conditions as the key `on` has them. */
function conditionsOf({ onConnectFailure, onReset, onTimeout, onStatuses }: RetrySettings): string[] {
  return [
    ...(onConnectFailure ? ['connect-failure'] : []),
    ...(onReset ? ['reset'] : []),
    ...(onTimeout ? ['timeout'] : []),
    ...onStatuses.map(({ from, to }) => (from === to ? String(from) : `${String(from)}-${String(to)}`)),
  ];
}
