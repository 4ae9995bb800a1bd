import { randomUUID } from 'node:crypto';

import { resources } from '@opentelemetry/sdk-node';
import type { Logger } from '../../plugin-api/logger.ts';

const SERVICE_NAME = 'service.name';
const DEFAULT_SERVICE = 'balance';
/** Tells processes of one service apart. It stays the same when an edit of the config starts tracing anew. */
const INSTANCE_ID = randomUUID();

/**
 * Who makes the spans: the name of the config, then what the environment says (`OTEL_RESOURCE_ATTRIBUTES`, `OTEL_SERVICE_NAME`), then
 * our own. Warns of attributes that can't be read, because OpenTelemetry ignores all of them without a word.
 */
export function serviceResource(serviceName: string | undefined, logger: Logger): resources.Resource {
  const { attributes = {} } = resources.envDetector.detect();
  const given = process.env['OTEL_RESOURCE_ATTRIBUTES'] ?? '';
  // The name of the service has a variable of its own, which counts all the same.
  const hasNone = Object.keys(attributes).every(
    (key) => key === SERVICE_NAME && !given.includes(SERVICE_NAME),
  );
  if (hasNone && given.trim() !== '')
    logger.warn('OTEL_RESOURCE_ATTRIBUTES does not count: it must be key=value,key=value, percent-encoded');
  const own = { [SERVICE_NAME]: DEFAULT_SERVICE, 'service.instance.id': INSTANCE_ID };
  const named = serviceName === undefined ? {} : { [SERVICE_NAME]: serviceName };
  return resources
    .defaultResource()
    .merge(resources.resourceFromAttributes(own))
    .merge(resources.resourceFromAttributes(attributes))
    .merge(resources.resourceFromAttributes(named));
}
