import type { RuntimeWays } from '../../readings/process.ts';
import { isReadableHandle, isTcpHandle, learnTextWriting, sampleTcpHandle } from './node-internals.ts';
import { canAcceptTls } from './tls-internals.ts';

/** Checks which of the parts that Node.js does not document this version has. Nothing is sent or opened. */
export function runtimeWays(): RuntimeWays {
  const handle = sampleTcpHandle();
  return {
    interceptedAccept: handle !== undefined && 'onconnection' in handle,
    lateSocket: handle !== undefined && isTcpHandle(handle),
    sharedReads: isReadableHandle(handle),
    directText: learnTextWriting() !== null,
    directTls: canAcceptTls(),
  };
}
