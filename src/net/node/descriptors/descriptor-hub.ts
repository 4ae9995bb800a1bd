import { learnTextWriting, type TextWriting } from '../node-internals.ts';
import { HandleSender } from './handle-sender.ts';
import { Invitation, type AcceptedEnd, type Invited } from './invitation.ts';
import { socketLabel } from './socket-label.ts';

/** How long a worker may take from its invitation until it joins. */
const JOIN_LIMIT_MS = 30_000;

/** The way to one worker. */
interface Channel {
  readonly invitation: Invitation;
  end: AcceptedEnd | undefined;
  sender: HandleSender | undefined;
  /** What was sent before the worker joined. */
  readonly waiting: (readonly [label: string, handle: object | undefined])[];
}

/**
 * Sends handles from the main thread to worker threads. Each worker gets descriptors of its own, so that whatever it does with them, and
 * however it ends, touches nobody else's. Works on Linux only. Does not keep the process alive.
 */
export class DescriptorHub {
  readonly #writing: TextWriting | null;
  readonly #channels = new Map<number, Channel>();

  constructor(writing: TextWriting | null = learnTextWriting()) {
    this.#writing = writing;
  }

  /** Why nothing can be sent on this machine; '' when it can. */
  get failure(): string {
    if (process.platform !== 'linux') return 'needs Linux';
    return this.#writing === null ? 'this version of Node.js writes in a way that is not known' : '';
  }

  /** What a worker needs in order to join, as plain data. An earlier channel of that worker ends. */
  invite(worker: number): Invited {
    this.release(worker);
    const invitation = new Invitation(JOIN_LIMIT_MS);
    const channel: Channel = { invitation, end: undefined, sender: undefined, waiting: [] };
    this.#channels.set(worker, channel);
    invitation.joined.then(
      (end) => {
        if (this.#channels.get(worker) === channel) this.#joined(worker, channel, end);
        else end.close();
      },
      () => {
        this.#forget(worker, channel);
      },
    );
    return invitation.invited;
  }

  /**
   * Sends a worker a descriptor of the socket with that number, as soon as the worker has joined. Without a handle it is told that there is
   * none. Returns false when the worker can't be told, because it was not invited or is gone.
   */
  send(worker: number, socket: number, handle: object | undefined): boolean {
    const channel = this.#channels.get(worker);
    if (channel === undefined) return false;
    const label = socketLabel(socket);
    if (channel.sender !== undefined) return sendOrTell(channel.sender, label, handle);
    channel.waiting.push([label, handle]);
    return true;
  }

  /** Ends the channel of a worker. */
  release(worker: number): void {
    const channel = this.#channels.get(worker);
    if (channel !== undefined) this.#forget(worker, channel);
  }

  /** Ends all channels. */
  close(): void {
    for (const worker of [...this.#channels.keys()]) this.release(worker);
  }

  #joined(worker: number, channel: Channel, end: AcceptedEnd): void {
    if (this.#writing === null) return;
    channel.end = end;
    channel.sender = new HandleSender(end.pipe, this.#writing);
    // A worker sends nothing. Only its end is of interest.
    end.pipe.onread = (bytes) => {
      if (bytes === undefined) this.#forget(worker, channel);
    };
    end.pipe.readStart();
    for (const [label, handle] of channel.waiting.splice(0)) sendOrTell(channel.sender, label, handle);
  }

  #forget(worker: number, channel: Channel): void {
    if (this.#channels.get(worker) === channel) this.#channels.delete(worker);
    channel.invitation.withdraw();
    channel.end?.close();
  }
}

/** Sends a handle, or word that there is none. */
function sendOrTell(sender: HandleSender, label: string, handle: object | undefined): boolean {
  return sender.send(label, handle) || (handle !== undefined && sender.send(label, undefined));
}
