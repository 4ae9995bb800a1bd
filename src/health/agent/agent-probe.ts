import type { Socket } from 'node:net';

import { ProbeSocket, type Probe, type ProbeTarget } from '../probe/probe-socket.ts';

const MAX_ANSWER_BYTES = 1_024;

/**
 * Asks an agent once, and calls `answered` with the first line of its answer, or with the reason why none came. Never before the probe was
 * returned.
 *
 * @param send sent once it is connected. Default: nothing
 */
export function startAgentProbe(
  target: ProbeTarget,
  send: Buffer | undefined,
  answered: (line: string | undefined, failure: string | undefined) => void,
): Probe {
  // As Latin-1, in which every byte is a character of its own.
  let answer = '';
  const connected = (socket: Socket): void => {
    socket.on('data', (bytes: Buffer) => {
      answer += bytes.toString('latin1', 0, MAX_ANSWER_BYTES - answer.length);
      if (/[\r\n]/.test(answer)) probe.finish(undefined);
      else if (answer.length >= MAX_ANSWER_BYTES)
        probe.finish(`no end of the line in the first ${MAX_ANSWER_BYTES} bytes`);
    });
    // An agent may close the connection in place of a line end.
    socket.on('end', () => {
      if (answer !== '') probe.finish(undefined);
    });
    if (send !== undefined) socket.write(send);
  };
  const probe = new ProbeSocket(target, connected, (failure) => {
    answered(failure === undefined ? Buffer.from(answer, 'latin1').toString() : undefined, failure);
  });
  return probe;
}
