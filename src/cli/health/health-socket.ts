import { createServer, type Socket } from 'node:net';

import type { Upgrade } from '../../app/upgrade/upgrade.ts';
import { BoundServer } from '../../net/listen/bind/bound-server.ts';
import type { OfferedSocket, SocketInheritance } from '../../net/listen/bind/socket-inheritance.ts';
import type { HealthPlace } from './health-place.ts';
import { DONE, FAILED, readUpgradeLine, UPGRADE_LINE_LIMIT } from './upgrade-line.ts';

/** The proxy that answers on the socket. */
export interface HealthSubject {
  readonly ready: boolean;
  readonly upgrade: Pick<Upgrade, 'start'>;
}

/** The answer of a proxy that is ready. A line feed follows it on the socket. */
export const READY = 'ready';
const NOT_READY = 'not ready: it shuts down';

/** How long a client may take to ask for more than the state. */
const QUESTION_LIMIT_MS = 1_000;
/** Only the user of the proxy may ask for an upgrade. */
const OWNER_ONLY = 0o600;

/**
 * Answers every connection with one line that says whether the proxy is ready. An answer also shows that the event loop runs. The socket
 * does not depend on the config, so health checks go on whatever an edit does to listeners and the admin server.
 *
 * A client of a socket with a path may ask for an upgrade by a line of its own. Then it gets lines of progress. Everybody on the machine may
 * connect to an abstract name, so nothing can be asked for there.
 */
export class HealthSocket {
  readonly #subject: HealthSubject;
  readonly #server: BoundServer;

  constructor({ path }: HealthPlace, subject: HealthSubject, inheritance?: SocketInheritance) {
    this.#subject = subject;
    const isAbstract = path.startsWith('\0');
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      this.#answer(socket, isAbstract);
    });
    server.on('error', () => undefined);
    server.unref();
    this.#server = new BoundServer(server, {
      address: { kind: 'unix', path },
      what: 'health socket',
      socketMode: isAbstract ? undefined : OWNER_ONLY,
      inheritance,
    });
  }

  /** Opens the socket. Rejects with a BalanceError that says why it can't be. */
  async listen(): Promise<void> {
    await this.#server.listen();
  }

  /** What another process needs to take the socket over. */
  offers(): readonly OfferedSocket[] {
    return [this.#server.offer()];
  }

  /** @param isReplaced whether another process has taken the socket over */
  close(isReplaced: boolean): void {
    if (isReplaced) this.#server.leave();
    else this.#server.close();
  }

  #answer(socket: Socket, isAbstract: boolean): void {
    const state = `${this.#subject.ready ? READY : NOT_READY}\n`;
    if (isAbstract) {
      // Nothing is read. A client that does not read the line either holds up nothing.
      socket.end(state, () => socket.destroy());
      return;
    }
    socket.write(state);
    socket.setTimeout(QUESTION_LIMIT_MS, () => socket.destroy());
    let asked = '';
    socket.setEncoding('utf8').on('data', (part: string) => {
      asked += part;
      if (!asked.includes('\n') && asked.length < UPGRADE_LINE_LIMIT) return;
      socket.removeAllListeners('data').resume();
      void this.#upgrade(socket, asked);
    });
  }

  async #upgrade(socket: Socket, line: string): Promise<void> {
    const asked = readUpgradeLine(line);
    if (asked === undefined) {
      socket.destroy();
      return;
    }
    socket.setTimeout(0);
    const progress = (text: string): void => void socket.write(`${text}\n`);
    const { ok, message } = await this.#subject.upgrade.start({ source: 'command', ...asked, progress });
    socket.end(`${ok ? DONE : FAILED}${message}\n`, () => socket.destroy());
  }
}
