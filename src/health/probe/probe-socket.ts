import { Socket } from 'node:net';
import type { Address } from '../../config/values/address.ts';
import { formatDuration } from '../../config/values/units.ts';
import { messageOf, shortageOf } from '../../errors.ts';
import { destroySocket, AddressConnect, type ConnectTarget } from '../../net/dial/address-connect.ts';
import type { AttemptEnded, ConnectAttempt } from '../../net/dial/happy-eyeballs.ts';
import type { BackendContext } from '../../net/dial/tls/backend-context.ts';
import type { Turn } from '../../net/dns/address-rotation.ts';
import type { HostNames } from '../../net/dns/host-names.ts';
import { proxyHeaderOf, type ProxyVersion } from '../../net/proxy-protocol/write/proxy-header-of.ts';
import type { HandshakeOutcome } from '../../readings/handshake.ts';
import { ProbeHandshake } from './probe-handshake.ts';

/**
 * Told exactly once how a probe ended: undefined when it passed, else why it failed. Never before the probe was returned.
 *
 * @param shortage the system's code when the probe could not even be tried for lack of our own resources: that says nothing about
 *   the backend
 */
export type ProbeEnded = (failure: string | undefined, shortage?: string) => void;

/** One check of one backend, under way. */
export interface Probe {
  /** Gives it up and closes its socket now. It does not tell how it ended any more. */
  destroy(): void;
}

const CLOSED = 'the connection was closed before an answer came';

export type StartProbe = (ended: ProbeEnded) => Probe;

/** How probes reach a backend. */
export interface ProbeTarget {
  readonly address: Address;
  readonly names: HostNames;
  /** Which address of a name the next probe tries first. */
  readonly turn: Turn;
  /** The version of the PROXY header that the probe sends first: one without a client. Default: none. */
  readonly proxyProtocol?: ProxyVersion | undefined;
  /** Undefined: the probe speaks no TLS. */
  readonly tls?: BackendContext | undefined;
  /** What is offered by ALPN where the settings of TLS name nothing. Default: nothing. */
  readonly alpn?: readonly string[];
  /** Called at the end of each TLS handshake. Must not throw. */
  readonly onHandshake?: ((outcome: HandshakeOutcome) => void) | undefined;
  /** Whether a probe may still pass in the turn in which the connection was closed. Default: no. */
  readonly closesLate?: boolean;
  /** For a whole probe, from looking up the name to the last byte needed. */
  readonly timeoutMs: number;
}

/**
 * The socket of a probe: connects as the traffic does, and fails on an error, on an early close or when the time is over. The
 * addresses of a name have their turns; where one can't be connected to, the next one is tried.
 */
export class ProbeSocket implements Probe {
  readonly #connected: (socket: Socket) => void;
  readonly #target: ProbeTarget;
  readonly #timer: NodeJS.Timeout;
  readonly #connecting: AddressConnect<Socket>;
  /** Undefined while there is no connection. */
  #socket: Socket | undefined;
  #handshake: ProbeHandshake | undefined;
  #ended: ProbeEnded | undefined;
  /** The address among those of its name that is connected, for the time limit's words. */
  #ip: string | undefined;

  /** @param connected called with the socket once it is connected; an error or the end of that socket ends the probe */
  constructor(target: ProbeTarget, connected: (socket: Socket) => void, ended: ProbeEnded) {
    const { address, names, turn, timeoutMs } = target;
    this.#target = target;
    this.#connected = connected;
    this.#ended = ended;
    this.#connecting = new AddressConnect({
      address,
      names,
      turn,
      attempt: connectSocket,
      connected: (socket, ip) => this.#use(socket, ip),
      failed: (error) => this.#fail(error),
    });
    this.#timer = setTimeout(() => {
      this.#handshake?.expire();
      this.finish(`no answer within ${formatDuration(timeoutMs)}${this.#waitsFor}`);
    }, timeoutMs);
    // `ended` must not be called before the probe was returned, also where a name has no address and the connect fails at once.
    queueMicrotask(() => {
      if (this.#ended !== undefined) this.#connecting.start();
    });
  }

  /** What is waited for, as the end of a sentence that says how long. */
  get #waitsFor(): string {
    if (this.#socket === undefined) return this.#connecting.waitsFor;
    return this.#ip === undefined ? '' : ` from ${this.#ip}`;
  }

  finish(failure: string | undefined): void {
    const ended = this.#ended;
    this.destroy();
    ended?.(failure);
  }

  destroy(): void {
    this.#ended = undefined;
    clearTimeout(this.#timer);
    this.#connecting.destroy();
    this.#socket?.destroy();
  }

  #fail(error: Error): void {
    const ended = this.#ended;
    this.destroy();
    ended?.(messageOf(error), shortageOf(error));
  }

  #use(socket: Socket, ip: string | undefined): void {
    this.#socket = socket;
    this.#ip = ip;
    // The listener stays on the socket until its end: a late error without a listener would end the process.
    socket.on('error', (error) => {
      this.#handshake?.lost(error);
      this.#fail(error);
    });
    socket.on('close', () => {
      if (this.#ended !== undefined) this.#handshake?.lost();
      if (this.#target.closesLate !== true) this.finish(CLOSED);
      else setImmediate(() => this.finish(CLOSED));
    });
    const { address, proxyProtocol, tls: context, alpn, onHandshake } = this.#target;
    if (proxyProtocol !== undefined) socket.write(proxyHeaderOf(proxyProtocol));
    if (context === undefined) this.#connected(socket);
    else {
      const task = { context, address, alpn: alpn ?? [], onHandshake };
      this.#handshake = new ProbeHandshake(task, socket, this.#connected, (failure) => this.finish(failure));
    }
  }
}

function connectSocket(target: ConnectTarget, ended: AttemptEnded<Socket>): ConnectAttempt {
  const socket = new Socket();
  socket.once('error', (error) => {
    destroySocket(socket);
    ended(error);
  });
  socket.once('connect', () => {
    socket.removeAllListeners('error');
    ended(undefined, socket);
  });
  try {
    socket.connect(target);
  } catch (error) {
    // `connect` throws where it can't even try. The caller expects the error later, as an event.
    socket.destroy(error instanceof Error ? error : new Error(messageOf(error)));
  }
  return {
    destroy: () => {
      destroySocket(socket);
    },
  };
}
