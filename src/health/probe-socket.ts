import { Socket } from 'node:net';
import type { Address } from '../config/values/address.ts';
import { formatDuration } from '../config/values/units.ts';
import { messageOf, shortageOf } from '../errors.ts';
import { abandonSocket, AddressConnect, type ConnectTarget } from '../net/dial/address-connect.ts';
import type { AttemptEnded, ConnectAttempt } from '../net/dial/happy-eyeballs.ts';
import type { Turn } from '../net/dns/address-rotation.ts';
import type { HostNames } from '../net/dns/host-names.ts';
import type { Probe, ProbeEnded } from './probe.ts';

/** How probes reach a backend. */
export interface ProbeTarget {
  readonly address: Address;
  readonly names: HostNames;
  /** Which address of a name the next probe tries first. */
  readonly turn: Turn;
  /** For a whole probe, from looking up the name to the last byte needed. */
  readonly timeoutMs: number;
}

/**
 * The socket of a probe: connects as the traffic does, and fails on an error, on an early close or when the time is over. The
 * addresses of a name have their turns; where one can't be connected to, the next one is tried.
 */
export class ProbeSocket implements Probe {
  readonly #connected: (socket: Socket) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #connecting: AddressConnect<Socket>;
  /** Undefined while there is no connection. */
  #socket: Socket | undefined;
  #ended: ProbeEnded | undefined;
  /** The address among those of its name that is connected, for the time limit's words. */
  #ip: string | undefined;

  /** @param connected Given the socket; what happens to it from then on ends the probe. */
  constructor(target: ProbeTarget, connected: (socket: Socket) => void, ended: ProbeEnded) {
    const { address, names, turn, timeoutMs } = target;
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
    this.#timer = setTimeout(
      () => this.finish(`no answer within ${formatDuration(timeoutMs)}${this.#waitsFor}`),
      timeoutMs,
    );
    // Nobody hears of the end before the probe was returned, also where an answer is there at once.
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
    // Stays on the socket until its end: an error that comes late must find somebody who listens.
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.finish('the connection was closed before an answer came'));
    this.#connected(socket);
  }
}

function connectSocket(target: ConnectTarget, ended: AttemptEnded<Socket>): ConnectAttempt {
  const socket = new Socket();
  socket.once('error', (error) => {
    abandonSocket(socket);
    ended(error);
  });
  socket.once('connect', () => {
    socket.removeAllListeners('error');
    ended(undefined, socket);
  });
  try {
    socket.connect(target);
  } catch (error) {
    // What can't even be tried is thrown at once; the caller still expects to hear of it later.
    socket.destroy(error instanceof Error ? error : new Error(messageOf(error)));
  }
  return {
    destroy: () => {
      abandonSocket(socket);
    },
  };
}
