import { FRAMING_HEADERS } from '../../../plugin-api/values/http-syntax.ts';
import { suggestion } from '../../problems/closest.ts';
import type { Path } from '../../problems/problem.ts';
import type { HealthCheck, OutlierDetection, Upstream } from '../../schema/config.generated.ts';
import { parseAddress } from '../../values/address.ts';
import { formatDuration } from '../../values/units.ts';
import type { CheckContext } from '../check-context.ts';

const HTTP_KEYS = ['path', 'method', 'hostname', 'headers', 'expected_status', 'expected_body'];
const TCP_KEYS = ['send', 'expect'];
const TYPES = ['tcp', 'http', 'https'];
/** The keys of `outlier_detection` that mean nothing without ejections. */
const EJECTION_KEYS = [
  'base_ejection_time',
  'max_ejection_time',
  'interval',
  'max_ejection_percent',
  'success_rate',
  'latency',
];

/** The checks of each upstream are of a type that exists, and their settings fit together. */
export function checkHealth(context: CheckContext): void {
  for (const [index, upstream] of context.config.upstreams.entries()) {
    const { health_check: check } = upstream;
    const at: Path = ['upstreams', index, 'health_check'];
    checkAgentPorts(upstream, index, context);
    checkEjection(upstream, index, context);
    if (check === undefined || !checkType(check, at, context)) continue;
    checkKeys(check, at, context);
    checkGuess(upstream, at, context);
    checkTimes(check, at, context);
    checkRequest(check, at, context);
    checkPort(upstream, at, context);
  }
}

/** Returns false for a type that does not exist. */
function checkType({ type }: HealthCheck, at: Path, context: CheckContext): boolean {
  // Whether the plugin of that protocol can check anything is known where plugins are.
  if (TYPES.includes(type) || context.modes.includes(type)) return true;
  const path = [...at, 'type'];
  if (type === 'grpc') {
    context.error(path, 'grpc is not possible yet, as it needs HTTP/2: use tcp, or http with a path');
    return false;
  }
  const shown = context.shown(path, type);
  const own = context.modes.filter((mode) => !TYPES.includes(mode));
  const known = [...TYPES, ...own];
  const hint = suggestion(type, known);
  context.error(path, `is ${shown}, but must be one of ${known.join(', ')}${hint}`);
  return false;
}

/** Keys that mean something to checks of another type only. */
function checkKeys({ type }: HealthCheck, at: Path, context: CheckContext): void {
  const without = [
    ...(type === 'http' || type === 'https' ? [] : HTTP_KEYS),
    ...(type === 'tcp' ? [] : TCP_KEYS),
  ];
  for (const key of without) {
    const path = [...at, key];
    if (context.given(path)) context.warn(path, `has no effect on checks of type ${type}`);
  }
}

/** The type of the check was taken from a key of HTTP, and no listener speaks HTTP with the backends. */
function checkGuess({ name, health_check: check }: Upstream, at: Path, context: CheckContext): void {
  const { config, given, uses, warn } = context;
  const type = check?.type ?? '';
  if ((type !== 'http' && type !== 'https') || given([...at, 'type'])) return;
  const key = HTTP_KEYS.find((each) => given([...at, each]));
  const users = config.listeners.filter(
    ({ upstream }, index) => upstream === name || uses.ofListener(index).some((use) => use.name === name),
  );
  if (key === undefined || users.length === 0 || users.some(({ mode }) => mode !== 'tcp')) return;
  warn(
    [...at, key],
    `makes the checks requests of HTTP, while only listeners in mode tcp use the upstream: write type: ${type} if that is meant`,
  );
}

function checkTimes(check: HealthCheck, at: Path, { warn, given }: CheckContext): void {
  const {
    interval,
    timeout,
    fast_interval: fast,
    no_traffic_interval: noTraffic,
    agent_check: agent,
  } = check;
  if (timeout > interval)
    warn(
      [...at, 'timeout'],
      `is ${formatDuration(timeout)}${given([...at, 'timeout']) ? '' : ' by default'}, longer than interval (${formatDuration(interval)}): while a backend does not answer, it is checked less often`,
    );
  if (fast !== undefined && fast > interval) warn([...at, 'fast_interval'], 'is longer than interval');
  if (noTraffic !== undefined && noTraffic < interval)
    warn([...at, 'no_traffic_interval'], 'is shorter than interval');
  if (agent !== undefined && agent.timeout > agent.interval)
    warn([...at, 'agent_check', 'timeout'], 'is longer than interval: the next question waits for it');
}

function checkRequest(
  { method, headers = {}, ...check }: HealthCheck,
  at: Path,
  context: CheckContext,
): void {
  if (check.expected_body !== undefined && method === 'HEAD')
    context.error([...at, 'expected_body'], 'is never found, as the answer to HEAD has no body: use GET');
  for (const name of Object.keys(headers)) {
    const key = name.toLowerCase();
    const path = [...at, 'headers', name];
    if (key === 'host') context.error(path, 'is set by health_check.hostname');
    else if (FRAMING_HEADERS.has(key)) context.error(path, 'is a header that only the proxy itself writes');
  }
}

function checkPort({ backends, health_check: check }: Upstream, at: Path, context: CheckContext): void {
  if (check?.port === undefined) return;
  if (!backends.some(({ address }) => parseAddress(address).kind === 'unix')) return;
  context.warn([...at, 'port'], 'has no effect on backends that are unix sockets');
}

function checkAgentPorts(
  { backends, health_check: check }: Upstream,
  index: number,
  context: CheckContext,
): void {
  if (check?.agent_check !== undefined) return;
  for (const [place, { agent_port: port }] of backends.entries())
    if (port !== undefined)
      context.warn(
        ['upstreams', index, 'backends', place, 'agent_port'],
        'has no effect without health_check.agent_check',
      );
}

/** What ejects backends is in two sections, each of which can turn it off. */
function checkEjection(
  { health_check: check, outlier_detection: ejection }: Upstream,
  index: number,
  { given, warn }: CheckContext,
): void {
  if (ejection === undefined) return;
  const at: Path = ['upstreams', index, 'outlier_detection'];
  const passive: Path = ['upstreams', index, 'health_check', 'passive_checks'];
  const isOff = check?.passive_checks?.enabled === false;
  if (isOff && ejection.enabled && EJECTION_KEYS.some((key) => given([...at, key])))
    warn(at, 'ejects nothing, as health_check.passive_checks.enabled is false');
  if (!ejection.enabled && check?.passive_checks?.enabled === true && given(passive))
    warn(passive, 'ejects nothing, as outlier_detection.enabled is false');
  checkEjectionTimes(ejection, at, { given, warn });
}

function checkEjectionTimes(
  { base_ejection_time: baseMs, max_ejection_time: maxMs }: OutlierDetection,
  at: Path,
  { given, warn }: Pick<CheckContext, 'given' | 'warn'>,
): void {
  if (maxMs >= baseMs) return;
  const lasts = `each ejection lasts ${formatDuration(baseMs)}`;
  const most = [...at, 'max_ejection_time'];
  if (given(most)) warn(most, `is shorter than base_ejection_time: ${lasts}`);
  else warn([...at, 'base_ejection_time'], `is longer than max_ejection_time: ${lasts}`);
}
