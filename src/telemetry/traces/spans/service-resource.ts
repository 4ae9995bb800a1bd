import { resources } from '@opentelemetry/sdk-node';
import type { Logger } from '../../../plugin-api/logger.ts';

const SERVICE_NAME = 'service.name';
const DEFAULT_SERVICE = 'balance';

/** What a proxy says of itself as the origin of spans. */
export interface ServiceNames {
  /** As the config has it; undefined where it has none. */
  readonly serviceName: string | undefined;
  /** Tells the processes of one service apart. */
  readonly instanceId: string;
}

/**
 * The service that the spans name as their origin. Its name is that of the config, or else that of the environment (`OTEL_SERVICE_NAME`,
 * `OTEL_RESOURCE_ATTRIBUTES`), or else `balance`. Logs a warning when OTEL_RESOURCE_ATTRIBUTES can't be parsed, because OpenTelemetry then
 * ignores all of it without a message.
 */
export function serviceResource(
  { serviceName, instanceId }: ServiceNames,
  logger: Logger,
): resources.Resource {
  const { attributes = {} } = resources.envDetector.detect();
  const given = process.env['OTEL_RESOURCE_ATTRIBUTES'] ?? '';
  // The service's name may come from OTEL_SERVICE_NAME, although OTEL_RESOURCE_ATTRIBUTES can't be parsed.
  const hasNone = Object.keys(attributes).every(
    (key) => key === SERVICE_NAME && !given.includes(SERVICE_NAME),
  );
  if (hasNone && given.trim() !== '')
    logger.warn('OTEL_RESOURCE_ATTRIBUTES is ignored: it must be key=value,key=value, percent-encoded');
  const own = { [SERVICE_NAME]: DEFAULT_SERVICE, 'service.instance.id': instanceId };
  const named = serviceName === undefined ? {} : { [SERVICE_NAME]: serviceName };
  return resources
    .defaultResource()
    .merge(resources.resourceFromAttributes(own))
    .merge(resources.resourceFromAttributes(attributes))
    .merge(resources.resourceFromAttributes(named));
}
