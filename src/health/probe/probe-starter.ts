import type { ProbeSettings } from './probe-settings.ts';
import { startHttpProbe } from './http-probe.ts';
import type { ProbeTarget, StartProbe } from './probe-socket.ts';
import { startTcpProbe } from './tcp-probe.ts';

/** What begins each check that these settings ask for. */
export function probeStarter(settings: ProbeSettings, target: ProbeTarget): StartProbe {
  return settings.kind === 'tcp'
    ? (ended) => startTcpProbe(target, settings, ended)
    : (ended) => startHttpProbe(target, settings, ended);
}
