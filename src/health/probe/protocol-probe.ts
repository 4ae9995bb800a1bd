import type { Socket } from 'node:net';

import { formatAddress } from '../../config/values/address.ts';
import { messageOf } from '../../errors.ts';
import type { ProtocolProbe } from '../../plugin-api/index.ts';
import { ProbeSocket, type Probe, type ProbeEnded, type ProbeTarget } from './probe-socket.ts';

/** The probe of a protocol, and the upstream that a backend is checked for. */
export interface ProtocolCheck {
  readonly protocol: string;
  readonly upstream: string;
  /** Undefined when the plugin of the protocol has none, or is gone. */
  readonly probe: ProtocolProbe | undefined;
}

/**
 * Connects, and has the plugin of a protocol find out whether the backend works. A probe that throws, rejects, or does not end in time has
 * failed. What it does after the end of the check is ignored.
 */
export function startProtocolProbe(target: ProbeTarget, check: ProtocolCheck, ended: ProbeEnded): Probe {
  const over = new AbortController();
  const connected = (channel: Socket): void => {
    void run(target, check, channel, over.signal).then((failure) => socket.finish(failure));
  };
  const socket = new ProbeSocket({ ...target, closesLate: true }, connected, (failure, shortage) => {
    over.abort();
    ended(failure, shortage);
  });
  return {
    destroy: () => {
      socket.destroy();
      over.abort();
    },
  };
}

/** Resolves with why the check failed; with undefined when it passed. Never rejects. */
async function run(
  { address }: ProbeTarget,
  { protocol, upstream, probe }: ProtocolCheck,
  channel: Socket,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (probe === undefined) return `no plugin brings a probe for ${protocol}`;
  try {
    await probe({ channel, upstream, address: formatAddress(address), signal });
    return undefined;
  } catch (error) {
    return `${protocol}: ${messageOf(error)}`;
  }
}
