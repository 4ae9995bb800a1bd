import { Socket } from 'node:net';
import type { Address } from '../config/address.ts';
import { formatDuration } from '../config/units.ts';
import { messageOf } from '../errors.ts';
import type { Probe, ProbeEnded } from './probe.ts';

/** The socket of a probe: connects, and fails on an error, on an early close or when the time is over. */
export class ProbeSocket implements Probe {
  readonly socket = new Socket();
  readonly #timer: NodeJS.Timeout;
  #ended: ProbeEnded | undefined;

  /** `timeoutMs` is for the whole probe, from looking up the name to the last byte needed. */
  constructor(address: Address, timeoutMs: number, ended: ProbeEnded) {
    this.#ended = ended;
    this.#timer = setTimeout(() => this.finish(`no answer within ${formatDuration(timeoutMs)}`), timeoutMs);
    // Stays on the socket for good: an error that comes late must find somebody who listens.
    this.socket.on('error', (error) => this.finish(messageOf(error)));
    this.socket.on('close', () => this.finish('the connection was closed before an answer came'));
    try {
      if (address.kind === 'unix') this.socket.connect(address.path);
      else this.socket.connect(address.port, address.host === '' ? 'localhost' : address.host);
    } catch (error) {
      // What can't even be tried is thrown at once; the caller still expects to hear of it later.
      this.socket.destroy(error instanceof Error ? error : new Error(messageOf(error)));
    }
  }

  finish(failure: string | undefined): void {
    const ended = this.#ended;
    this.destroy();
    ended?.(failure);
  }

  destroy(): void {
    this.#ended = undefined;
    clearTimeout(this.#timer);
    this.socket.destroy();
  }
}
