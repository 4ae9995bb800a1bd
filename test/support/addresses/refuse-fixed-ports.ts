import type { App } from '../../../src/app.ts';
import { LOWEST_FREE_PORT } from './free-ports.ts';

/**
 * Ends a proxy of a test and throws when it listens on a port that the test did not get from the system or from `freePorts`: the test
 * would fail wherever somebody else has that port, such as a Prometheus on 9090.
 */
export function refuseFixedPorts(app: App): void {
  for (const address of [...app.listeners.values(), ...app.adminAddresses]) {
    const port = /:(\d+)$/.exec(address)?.[1];
    if (port === undefined || Number(port) >= LOWEST_FREE_PORT) continue;
    app.destroy();
    throw new Error(`a proxy of a test listens on ${address}: use port 0 or freePorts()`);
  }
}
