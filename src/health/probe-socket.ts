import { Socket } from 'node:net';
import { isIpAddress, type Address } from '../config/address.ts';
import { formatDuration } from '../config/units.ts';
import { messageOf, shortageOf } from '../errors.ts';
import {
  ConnectInTurn,
  noAddress,
  shortList,
  type AttemptEnded,
  type ConnectAttempt,
} from '../net/connect-in-turn.ts';
import type { Turn } from '../net/dns/address-turns.ts';
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
  readonly #target: ProbeTarget;
  readonly #connected: (socket: Socket) => void;
  readonly #timer: NodeJS.Timeout;
  #stop: () => void = () => undefined;
  #ended: ProbeEnded | undefined;
  /** What is waited for, in words for the time limit. */
  #waitsFor = '';

  /** @param connected Given the socket; what happens to it from then on ends the probe. */
  constructor(target: ProbeTarget, connected: (socket: Socket) => void, ended: ProbeEnded) {
    const { timeoutMs } = target;
    this.#target = target;
    this.#connected = connected;
    this.#ended = ended;
    this.#timer = setTimeout(
      () => this.finish(`no answer within ${formatDuration(timeoutMs)}${this.#waitsFor}`),
      timeoutMs,
    );
    // Nobody hears of the end before the probe was returned, also where an answer is there at once.
    queueMicrotask(() => {
      this.#start();
    });
  }

  finish(failure: string | undefined): void {
    const ended = this.#ended;
    this.destroy();
    ended?.(failure);
  }

  #fail(error: Error | undefined): void {
    const ended = this.#ended;
    this.destroy();
    ended?.(messageOf(error), shortageOf(error));
  }

  destroy(): void {
    this.#ended = undefined;
    clearTimeout(this.#timer);
    this.#stop();
  }

  #start(): void {
    if (this.#ended === undefined) return;
    const { address } = this.#target;
    if (address.kind === 'unix') this.#connect({ path: address.path });
    else if (isIpAddress(address.host)) this.#connect({ host: address.host, port: address.port });
    else this.#connectToName(address.host === '' ? 'localhost' : address.host, address.port);
  }

  #connect(target: ConnectTarget): void {
    const attempt = connectSocket(target, (error, socket) => {
      if (socket === undefined) this.#fail(error);
      else this.#use(socket);
    });
    this.#stop = () => {
      attempt.destroy();
    };
  }

  #connectToName(host: string, port: number): void {
    const { names } = this.#target;
    this.#waitsFor = `: the name servers have not answered for ${host}`;
    this.#stop = names.lookUp(host, (addresses, failure) => {
      if (this.#ended === undefined) return;
      if (addresses.length === 0) {
        this.finish(noAddress(host, failure).message);
        return;
      }
      // Behind the assignment above, where the answer was there at once.
      queueMicrotask(() => {
        this.#connectInTurn(host, port, addresses);
      });
    });
  }

  #connectInTurn(host: string, port: number, addresses: readonly string[]): void {
    if (this.#ended === undefined) return;
    this.#waitsFor = ` (tried ${shortList(addresses)})`;
    const turns = this.#target.names.turns(host, port);
    const attempts = new ConnectInTurn<Socket>({
      addresses: turns.order(addresses, this.#target.turn),
      turns,
      attempt: (ip, ended) => connectSocket({ host: ip, port }, ended),
      connected: (socket, ip) => {
        this.#waitsFor = addresses.length === 1 ? '' : ` from ${ip}`;
        this.#use(socket);
      },
      failed: (error) => {
        this.#fail(error);
      },
    });
    this.#stop = () => {
      attempts.destroy();
    };
  }

  #use(socket: Socket): void {
    this.#stop = () => {
      socket.destroy();
    };
    // Stays on the socket for good: an error that comes late must find somebody who listens.
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.finish('the connection was closed before an answer came'));
    this.#connected(socket);
  }
}

type ConnectTarget = { readonly path: string } | { readonly host: string; readonly port: number };

function connectSocket(target: ConnectTarget, ended: AttemptEnded<Socket>): ConnectAttempt {
  const socket = new Socket();
  const giveUp = (): void => {
    socket.removeAllListeners();
    socket.on('error', () => undefined);
    socket.destroy();
  };
  socket.once('error', (error) => {
    giveUp();
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
  return { destroy: giveUp };
}
