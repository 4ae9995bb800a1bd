import type { ProtocolProbe } from '../../plugin-api/index.ts';
import type { ProbeSettings } from './probe-settings.ts';
import { startHttpProbe } from './http-probe.ts';
import type { ProbeTarget, StartProbe } from './probe-socket.ts';
import { startProtocolProbe } from './protocol-probe.ts';
import { startTcpProbe } from './tcp-probe.ts';

/** Knows the probes that protocols bring. */
export interface ProbeSource {
  /** The probe of that protocol as it is now; undefined when there is none. */
  probeOf(protocol: string): ProtocolProbe | undefined;
}

/**
 * What begins each check of an upstream's backend that these settings ask for.
 *
 * @param probes asked at each check, so that a plugin which was replaced does the next one
 */
export function probeStarter(
  settings: ProbeSettings,
  target: ProbeTarget,
  upstream: string,
  probes?: ProbeSource,
): StartProbe {
  switch (settings.kind) {
    case 'tcp':
      return (ended) => startTcpProbe(target, settings, ended);
    case 'http':
      return (ended) => startHttpProbe(target, settings, ended);
    case 'protocol': {
      const { protocol } = settings;
      return (ended) =>
        startProtocolProbe(target, { protocol, upstream, probe: probes?.probeOf(protocol) }, ended);
    }
  }
}
