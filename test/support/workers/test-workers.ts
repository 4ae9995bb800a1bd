/** How many workers proxies of tests have: the 2 of `WORKERS=2 npm test`. Default: 1, as in production. */
export const TEST_WORKERS = Number(process.env['WORKERS'] ?? '1');

/**
 * The options of `startApp` that give a proxy of a test as many workers as `WORKERS` says. A config with a `workers` key keeps what it
 * says there, so `workers: 1` is for a test of what one thread does alone.
 */
export function testWorkers(yaml: string): { readonly workers?: number } {
  return TEST_WORKERS > 1 && !/^(?:workers:|.*"workers":)/m.test(yaml) ? { workers: TEST_WORKERS } : {};
}

/** For a config: idle sockets belong to their worker, so that the next client is sure to get the one of the client before only where one serves. */
export const ONE_POOL = 'workers: 1';

/** For a config: a test can move the clock of its own thread alone, which serves where there is one worker. */
export const ONE_CLOCK = 'workers: 1';
