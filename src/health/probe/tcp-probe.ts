import type { Socket } from 'node:net';

import type { TcpProbeSettings } from './probe-settings.ts';
import { ProbeSocket, type Probe, type ProbeEnded, type ProbeTarget } from './probe-socket.ts';

/** So much of an answer is looked at. */
const MAX_ANSWER_BYTES = 16_384;

/**
 * Passes when the backend accepts a connection, which is then closed. With something to send, the backend must take it; with something to
 * expect, it must be in the first bytes of the answer.
 */
export function startTcpProbe(target: ProbeTarget, settings: TcpProbeSettings, ended: ProbeEnded): Probe {
  const { send, expect } = settings;
  const connected = (socket: Socket): void => {
    if (expect !== undefined) awaitAnswer(socket, expect, (failure) => probe.finish(failure));
    if (send === undefined) {
      if (expect === undefined) probe.finish(undefined);
      return;
    }
    // Called once the system has taken the bytes. When that fails, the socket's error ends the probe.
    socket.write(send, (error) => {
      if (expect === undefined && !error) probe.finish(undefined);
    });
  };
  const probe = new ProbeSocket(target, connected, ended);
  return probe;
}

/** Calls `answered` when the answer has the expected bytes (undefined), or has shown that it will not have them. */
function awaitAnswer(socket: Socket, expect: Buffer, answered: (failure: string | undefined) => void): void {
  let answer: Buffer = Buffer.alloc(0);
  socket.on('data', (bytes: Buffer) => {
    // What was searched before is searched again only as far as a match may reach into it.
    const searchFrom = Math.max(0, answer.length - expect.length + 1);
    answer = Buffer.concat([answer, bytes.subarray(0, MAX_ANSWER_BYTES - answer.length)]);
    if (answer.includes(expect, searchFrom)) answered(undefined);
    else if (answer.length >= MAX_ANSWER_BYTES)
      answered(`the first ${MAX_ANSWER_BYTES} bytes of the answer do not have what health_check.expect says`);
  });
  socket.on('end', () => {
    if (answer.length > 0) answered('the answer ended, and does not have what health_check.expect says');
  });
}
