import type { Address } from '../config/address.ts';
import type { Probe, ProbeEnded } from './probe.ts';
import { ProbeSocket } from './probe-socket.ts';

/** Passes when the backend accepts a connection, which is then closed without a byte sent. */
export function startTcpProbe(address: Address, timeoutMs: number, ended: ProbeEnded): Probe {
  const probe = new ProbeSocket(address, timeoutMs, ended);
  probe.socket.once('connect', () => probe.finish(undefined));
  return probe;
}
