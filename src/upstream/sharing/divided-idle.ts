import type { PoolSettings } from '../../config/sockets/pool-settings.ts';

/**
 * The settings of a pool in one of so many workers: each keeps its part of the idle sockets, rounded up. Together they keep no more than
 * `max_size` ready.
 */
export function dividedIdle(settings: PoolSettings, workers: number): PoolSettings {
  const { minIdle, maxIdle, maxSize } = settings;
  const mostReady = maxSize === 0 ? Number.POSITIVE_INFINITY : Math.floor(maxSize / workers);
  return {
    ...settings,
    minIdle: Math.min(Math.ceil(minIdle / workers), mostReady),
    maxIdle: Math.ceil(maxIdle / workers),
  };
}
