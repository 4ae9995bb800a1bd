import { routedConfigPath } from '../../plugin-api/values/routed-path.ts';
import type { ConfigFile } from '../schema/config-file.generated.ts';
import type { NormalizeContext } from './normalize-context.ts';
import { DEFAULT_NAME } from './normalize-single.ts';

const HEALTH_PATH = '/health';
const METRICS_PATH = '/metrics';

/** Adds what a gateway serves on its own port by default: its health and its metrics. */
export function withGatewayEndpoints(file: ConfigFile, context: NormalizeContext): ConfigFile {
  return { ...file, ...healthEndpoint(file, context), ...metrics(file, context) };
}

function healthEndpoint(file: ConfigFile, context: NormalizeContext): Partial<ConfigFile> {
  if (file.health_endpoint !== undefined || file.http?.health_endpoint !== undefined) return {};
  if (isRouted(file, HEALTH_PATH, 'health_endpoint gives it another path', context)) return {};
  return { health_endpoint: HEALTH_PATH };
}

function metrics(file: ConfigFile, context: NormalizeContext): Partial<ConfigFile> {
  const { metrics: given } = file;
  if (given?.listen !== undefined || given?.listener !== undefined) return {};
  if (given === undefined && isRouted(file, METRICS_PATH, 'metrics.path gives them another path', context))
    return {};
  return { metrics: { listener: DEFAULT_NAME, ...given } };
}

/** Whether a route has exactly that path. The route then wins over the default endpoint, with a warning. */
function isRouted(file: ConfigFile, path: string, hint: string, context: NormalizeContext): boolean {
  const index = (file.routes ?? []).findIndex(
    (route) => route.path !== undefined && routedConfigPath(route.path) === path,
  );
  if (index >= 0)
    context.warn(['routes', index, 'path'], `takes the place of the gateway's own ${path}; ${hint}`);
  return index >= 0;
}
