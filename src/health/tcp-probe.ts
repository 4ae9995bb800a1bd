import type { Probe, ProbeEnded } from './probe.ts';
import { ProbeSocket, type ProbeTarget } from './probe-socket.ts';

/** Passes when the backend accepts a connection, which is then closed without a byte sent. */
export function startTcpProbe(target: ProbeTarget, ended: ProbeEnded): Probe {
  const probe = new ProbeSocket(target, () => probe.finish(undefined), ended);
  return probe;
}
