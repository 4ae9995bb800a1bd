import { addressKey, parseAddress } from '../values/address.ts';
import { suggestion } from '../problems/closest.ts';
import type { CheckContext } from './check-context.ts';

/** A listener that is to serve the metrics can, and a histogram's buckets can be filled. */
export function checkMetrics(context: CheckContext): void {
  checkListener(context);
  checkTls(context);
  checkBuckets(context);
}

/** Only a server of the metrics alone can have a certificate of its own. */
function checkTls(context: CheckContext): void {
  const { admin, metrics } = context.config;
  if (!metrics.enabled || metrics.tls === undefined) return;
  if (metrics.listener !== undefined)
    context.error(
      ['metrics', 'tls'],
      'is only for a server of the metrics alone: a listener serves them here',
    );
  else if (
    admin !== undefined &&
    addressKey(parseAddress(admin.listen)) === addressKey(parseAddress(metrics.listen))
  )
    context.error(
      ['metrics', 'tls'],
      'is only for a server of the metrics alone: set admin.tls, or another metrics.listen',
    );
}

function checkListener(context: CheckContext): void {
  const { config } = context;
  const { enabled, listener, path: metricsPath } = config.metrics;
  if (listener === undefined) return;
  const path = ['metrics', 'listener'];
  const named = config.listeners.find(({ name }) => name === listener);
  if (named?.mode === 'http') {
    const isTaken = enabled && named.http?.health_endpoint === metricsPath;
    if (isTaken)
      context.error(['metrics', 'path'], `is the health_endpoint of the listener ${named.name} too`);
    return;
  }
  const names = config.listeners.filter(({ mode }) => mode === 'http').map(({ name }) => name);
  const name = context.shown(path, listener);
  if (named === undefined) {
    context.error(path, `names the listener ${name}, which does not exist${suggestion(listener, names)}`);
  } else context.error(path, `names the listener ${name}, which does not speak http`);
}

function checkBuckets(context: CheckContext): void {
  const { buckets } = context.config.metrics;
  for (const [index, bound] of buckets.entries()) {
    const before = buckets[index - 1];
    if (before === undefined || bound > before) continue;
    const message = `must be greater than the one before it, which is ${String(before)}`;
    context.error(['metrics', 'buckets', index], message);
    return;
  }
}
