import type { TunnelOptions } from '../plugin-api/index.ts';
import { Tunnel } from './tunnel.ts';

/** Opens tunnels and counts them. */
export class TunnelTally {
  /** Tunnels that run. */
  active = 0;
  /** Tunnels since the start, those that run included. */
  total = 0;

  open(options: TunnelOptions): void {
    this.active += 1;
    this.total += 1;
    new Tunnel({
      ...options,
      ended: (result) => {
        this.active -= 1;
        options.ended(result);
      },
    });
  }
}
