import type { ConfigFile, FileLogging, FileWorkers } from '../schema/config-file.generated.ts';
import { normalizeAdmin } from './normalize-admin.ts';
import { withGatewayEndpoints } from './gateway-endpoints.ts';
import { normalizeFlat } from './normalize-flat.ts';
import { normalizeGateway } from './normalize-gateway.ts';
import { normalizeListeners } from './normalize-listeners.ts';
import type { NormalizeContext } from './normalize-context.ts';

/** Turns any of the three file forms into the shape of `$defs/config`. Durations are still texts, and defaults are still missing. */
export function normalize(given: ConfigFile, context: NormalizeContext): object {
  const file = given.routes === undefined ? given : withGatewayEndpoints(given, context);
  const { admin, metrics, logging, tracing, plugins, dns, workers, overload, reload, shutdown, upgrade } =
    file;
  return defined({
    ...normalizeForm(file, context),
    admin: admin === undefined ? undefined : normalizeAdmin(admin, context),
    // A `metrics` section turns metrics on, unless it says otherwise.
    metrics: metrics === undefined ? undefined : { enabled: true, ...metrics },
    logging: logging === undefined ? undefined : normalizeLogging(logging, context),
    tracing,
    plugins,
    dns,
    workers: workers === undefined ? undefined : normalizeWorkers(workers, context),
    overload,
    reload,
    shutdown,
    upgrade,
  });
}

function normalizeForm(file: ConfigFile, context: NormalizeContext): object {
  if (file.listeners !== undefined) return normalizeListeners(file, context);
  if (file.routes !== undefined) return normalizeGateway(file, context);
  return normalizeFlat(file, context);
}

function defined(value: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined));
}

/** Turns `access_log: true` or `false` into a section that has `enabled` alone. */
function normalizeLogging(logging: FileLogging, { provenance }: NormalizeContext): object {
  const { access_log: accessLog } = logging;
  if (typeof accessLog !== 'boolean') return logging;
  provenance.set(['logging', 'access_log', 'enabled'], ['logging', 'access_log']);
  return { ...logging, access_log: { enabled: accessLog } };
}

/** Turns a number of workers or `auto` into a section. */
function normalizeWorkers(
  workers: FileWorkers | number | string,
  { provenance }: NormalizeContext,
): FileWorkers {
  if (typeof workers === 'object') return workers;
  provenance.set(['workers', 'count'], ['workers']);
  return { count: workers };
}
