import { readFile } from 'node:fs/promises';

/** A TCP connection over IPv4 as the system shows one end of it. */
export interface SystemSocket {
  readonly localPort: number;
  readonly remotePort: number;
  /** When the system probes the peer next, in ms from now; undefined where it does not. */
  readonly probedInMs: number | undefined;
}

const ESTABLISHED = '01';
const KEEPALIVE_TIMER = '02';
/** The system counts in hundredths of a second here, whatever its clock does. */
const TICK_MS = 10;

/** The open connections of this machine. Source: proc(5), /proc/net/tcp. */
export async function systemSockets(): Promise<SystemSocket[]> {
  const lines = (await readFile('/proc/self/net/tcp', 'latin1')).split('\n').slice(1);
  return lines.flatMap((line) => {
    const [, local = '', remote = '', state, , timer = ''] = line.trim().split(/\s+/);
    if (state !== ESTABLISHED) return [];
    const [kind, ticks = ''] = timer.split(':');
    const probedInMs = kind === KEEPALIVE_TIMER ? Number.parseInt(ticks, 16) * TICK_MS : undefined;
    return [{ localPort: portOf(local), remotePort: portOf(remote), probedInMs }];
  });
}

function portOf(address: string): number {
  return Number.parseInt(address.split(':')[1] ?? '', 16);
}
