import fc from 'fast-check';
import { expect } from 'vitest';

import { answer } from '../../../support/peers/http-talk.ts';
import type { Command } from './edit-commands.ts';
import type { ReloadLab } from './reload-lab.ts';
import type { Held, ReloadModel } from './reload-model.ts';

const MOST_HELD = 8;
const markerIn = (head: string): number => Number(/^X-Marker: (\d+)\r$/m.exec(head)?.[1] ?? -1);

class Request implements Command {
  readonly #path: string;
  readonly #isKept: boolean;

  constructor(path: string, isKept: boolean) {
    this.#path = path;
    this.#isKept = isKept;
  }

  check(): boolean {
    return true;
  }

  async run(model: ReloadModel, lab: ReloadLab): Promise<void> {
    const { status, body, message } = await lab.get(this.#path, this.#isKept);
    const [server = '', path] = body.split(' ');
    expect(status).toBe(200);
    expect(path).toBe(this.#path);
    expect(message.lines).toContain(`X-Marker: ${model.marker}`);
    expect(model.plan[model.upstreamOf(this.#path)]).toContain(server);
    model.socketTaken(server);
    model.socketGivenBack(server);
  }

  toString(): string {
    return `GET ${this.#path}${this.#isKept ? ' on the kept connection' : ''}`;
  }
}

/** A request through the second listener, which is not always there and does not always speak HTTP. */
class RawRequest implements Command {
  check(): boolean {
    return true;
  }

  async run(model: ReloadModel, lab: ReloadLab): Promise<void> {
    if (model.plan.raw === 'absent') {
      await expect(lab.connect(lab.rawAddress)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      return;
    }
    const socket = await lab.connect(lab.rawAddress);
    if (model.plan.raw === 'tcp') {
      const [server = ''] = (await socket.untilText(':')).split(':');
      expect(model.plan.rawServers).toContain(server);
    } else {
      socket.send('GET /raw HTTP/1.1\r\nHost: test\r\n\r\n');
      const { body, message } = await answer(socket);
      const [server = ''] = body.split(' ');
      expect(message.lines).toContain(`X-Marker: ${model.marker}`);
      expect(model.plan.one).toContain(server);
      model.socketTaken(server);
      model.socketGivenBack(server);
    }
    socket.close();
  }

  toString(): string {
    return 'ask the second listener';
  }
}

/** Opens something that stays open over the edits that follow. */
class Hold implements Command {
  readonly #kind: Held['kind'];
  readonly #path: string;

  constructor(kind: Held['kind'], path: string) {
    this.#kind = kind;
    this.#path = path;
  }

  check({ held, plan }: Readonly<ReloadModel>): boolean {
    return held.size < MOST_HELD && (this.#kind !== 'tunnel' || plan.raw === 'tcp');
  }

  async run(model: ReloadModel, lab: ReloadLab): Promise<void> {
    const handle = model.nextHandle;
    const isTunnel = this.#kind === 'tunnel';
    const socket = await lab.connect(isTunnel ? lab.rawAddress : lab.webAddress);
    lab.open.set(handle, socket);
    let server: string;
    if (isTunnel) {
      server = (await socket.untilText(':')).slice(0, 1);
      socket.take(2);
    } else if (this.#kind === 'websocket') {
      socket.send(
        `GET ${this.#path} HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
      );
      const head = await socket.untilText('\r\n\r\n');
      expect(head).toMatch(/^HTTP\/1\.1 101 /);
      expect(markerIn(head)).toBe(model.marker);
      socket.take(head.length);
      server = (await socket.untilText(':')).slice(0, 1);
      socket.take(2);
    } else {
      socket.send(`GET ${this.#path}?gate=${handle} HTTP/1.1\r\nHost: test\r\n\r\n`);
      const head = await socket.untilText('\r\n\r\n');
      expect(markerIn(head)).toBe(model.marker);
      await socket.until(() => socket.received.length > head.length, 'the first byte of the body');
      server = socket.text.slice(head.length, head.length + 1);
    }
    const allowed = isTunnel ? model.plan.rawServers : model.plan[model.upstreamOf(this.#path)];
    expect(allowed).toContain(server);
    if (!isTunnel) model.socketTaken(server);
    model.held.set(handle, { kind: this.#kind, marker: model.marker, server, sent: '' });
  }

  toString(): string {
    return `open ${this.#kind} at ${this.#path}`;
  }
}

/** Goes on with something that was opened before, and ends it at times. */
class GoOn implements Command {
  readonly #which: number;
  readonly #ends: boolean;

  constructor(which: number, ends: boolean) {
    this.#which = which;
    this.#ends = ends;
  }

  check({ held }: Readonly<ReloadModel>): boolean {
    return held.size > 0;
  }

  async run(model: ReloadModel, lab: ReloadLab): Promise<void> {
    const handles = [...model.held.keys()];
    const handle = handles[this.#which % handles.length] ?? 0;
    const held = model.held.get(handle);
    const socket = lab.open.get(handle);
    if (held === undefined || socket === undefined) throw new Error('the model lost something');
    if (held.kind === 'exchange') {
      expect(lab.web.get(held.server)?.open(String(handle))).toBe(true);
      const { body } = await answer(socket);
      expect(body).toMatch(new RegExp(`^${held.server} /.*gate=${handle}$`));
      model.socketGivenBack(held.server);
      this.#forget(handle, model, lab);
      return;
    }
    held.sent += `${held.sent.length} `;
    const piece = held.sent.slice(socket.text.length);
    socket.send(piece);
    await socket.untilText(held.sent);
    expect(socket.text).toBe(held.sent);
    if (!this.#ends) return;
    socket.end();
    expect(await socket.untilEnded()).toBe('end');
    this.#forget(handle, model, lab);
  }

  #forget(handle: number, model: ReloadModel, lab: ReloadLab): void {
    lab.open.get(handle)?.close();
    lab.open.delete(handle);
    model.held.delete(handle);
  }

  toString(): string {
    return `go on with number ${this.#which}${this.#ends ? ' and end it' : ''}`;
  }
}

/** All that is open is open, no generation drains without a reason, and no server saw more sockets than it had to. */
export class LookAround implements Command {
  check(): boolean {
    return true;
  }

  async run(model: ReloadModel, lab: ReloadLab): Promise<void> {
    for (const [handle, socket] of lab.open) expect(socket.ending, `number ${handle}`).toBeUndefined();
    await lab.untilDraining(model.drainingAtMost);
    for (const [name, server] of lab.web)
      expect(server.seen, `sockets to ${name}`).toBeLessThanOrEqual(model.allowedSockets.get(name) ?? 0);
  }

  toString(): string {
    return 'look around';
  }
}

const path = fc.constantFrom('/', '/a', '/a/x', '/b', '/b/y', '/ab');

export const trafficCommands: readonly fc.Arbitrary<Command>[] = [
  fc.tuple(path, fc.boolean()).map(([to, isKept]) => new Request(to, isKept)),
  fc.tuple(path, fc.boolean()).map(([to, isKept]) => new Request(to, isKept)),
  fc.constant(new RawRequest()),
  fc
    .tuple(fc.constantFrom('exchange' as const, 'websocket' as const, 'tunnel' as const), path)
    .map(([kind, to]) => new Hold(kind, to)),
  fc.tuple(fc.nat(20), fc.boolean()).map(([which, ends]) => new GoOn(which, ends)),
  fc.constant(new LookAround()),
];
