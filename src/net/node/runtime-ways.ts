import { DirectWriter } from '../transport/direct-writer.ts';
import { isReadableHandle, isTcpHandle, sampleTcpHandle } from './node-internals.ts';

/** The parts of the runtime beyond its public API that make the proxy faster. Each is true when this version has it. */
export interface RuntimeWays {
  /** Accepted connections are taken from the listening handle, before the runtime makes a socket for each. */
  readonly interceptedAccept: boolean;
  /** A `net.Socket` is made only for a connection that needs one. */
  readonly lateSocket: boolean;
  /** Sockets read into shared memory instead of a new buffer for each read. */
  readonly sharedReads: boolean;
  /** Text is written to the handle, past `stream.Writable`. */
  readonly directText: boolean;
}

/** Looks at what this version of the runtime has. Nothing is sent or opened. */
export function runtimeWays(): RuntimeWays {
  const handle = sampleTcpHandle();
  return {
    interceptedAccept: handle !== undefined && 'onconnection' in handle,
    lateSocket: handle !== undefined && isTcpHandle(handle),
    sharedReads: isReadableHandle(handle),
    directText: new DirectWriter().isOn,
  };
}
