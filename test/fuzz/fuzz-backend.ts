import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import type { Area, CaseRequest, FuzzCase, ResponsePlan } from './case.ts';
import { FORBIDDEN, marksIn } from './nonce.ts';
import { StrictReader, valuesOf, type StrictHead } from './strict-reader.ts';

/** The facts of the run that a backend needs. */
export interface BackendContext {
  /** The case of that number, while it runs. */
  find(index: number): FuzzCase | undefined;
  /** Something is wrong that no running case can be blamed for. */
  complain(why: string): void;
}

/** The runtime accepts one connection a listener and turn of the event loop, so that one alone would keep connections waiting. */
const DOORS = 6;

/** Answers by the plans of the cases, and holds everything that arrives against what their clients meant. */
export class FuzzBackend {
  readonly area: Area;
  requests = 0;
  readonly #servers: readonly Server[];
  readonly #sockets = new Set<Socket>();

  private constructor(area: Area, context: BackendContext) {
    this.area = area;
    let connections = 0;
    const accept = (socket: Socket): void => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => this.#sockets.delete(socket));
      connections += 1;
      if (area === 'flaky' && connections % 2 === 0) {
        if (connections % 4 === 0) socket.resetAndDestroy();
        else socket.destroy();
        return;
      }
      new BackendConnection(socket, area, context, () => (this.requests += 1));
    };
    this.#servers = Array.from({ length: DOORS }, () =>
      createServer({ allowHalfOpen: true, noDelay: true }, accept),
    );
  }

  static async start(area: Area, context: BackendContext): Promise<FuzzBackend> {
    const backend = new FuzzBackend(area, context);
    await Promise.all(
      backend.#servers.map((server) =>
        once(server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }), 'listening'),
      ),
    );
    return backend;
  }

  /** All lead to the same backend. */
  get ports(): readonly number[] {
    return this.#servers.map((server) => (server.address() as AddressInfo).port);
  }

  get open(): number {
    return this.#sockets.size;
  }

  async close(): Promise<void> {
    const closed = this.#servers.map((server) => once(server.close(), 'close'));
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(closed);
  }
}

/** Methods of the cases that are idempotent. */
const MAY_COME_TWICE: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'OPTIONS',
  'PUT',
  'DELETE',
  'VERSION-CONTROL',
]);

class BackendConnection {
  readonly #acceptedAtMs = performance.now();
  readonly #socket: Socket;
  readonly #area: Area;
  readonly #context: BackendContext;
  readonly #count: () => void;
  readonly #reader: StrictReader;
  #case: FuzzCase | undefined;
  #request: CaseRequest | undefined;
  #body = '';
  #answering = false;
  #answered = false;
  /** The case counts this exchange as pending. */
  #counted = false;
  #echoes = false;
  #method = '';
  #soiled = false;
  #exchanges = 0;

  constructor(socket: Socket, area: Area, context: BackendContext, count: () => void) {
    this.#socket = socket;
    this.#area = area;
    this.#context = context;
    this.#count = count;
    this.#reader = new StrictReader('request', {
      head: (head) => this.#head(head),
      body: (text) => (this.#body += text),
      end: (trailers) => this.#end(trailers),
      malformed: (why) => this.#complain(`the backend got what is no sound request: ${why}`),
    });
    socket.on('data', (bytes: Buffer) => {
      if (this.#echoes) socket.write(bytes);
      else this.#reader.feed(bytes.toString('latin1'));
    });
    socket.on('end', () => socket.end());
    socket.on('close', () => this.#settle());
  }

  #complain(why: string): void {
    if (this.#soiled) return;
    const fuzzCase = this.#case;
    if (fuzzCase === undefined) this.#context.complain(why);
    else if (this.#context.find(fuzzCase.index) === fuzzCase) fuzzCase.complaints.push(why);
    else this.#context.complain(`after case ${fuzzCase.index} was over: ${why}`);
  }

  #head(head: StrictHead): void {
    this.#count();
    this.#exchanges += 1;
    if (this.#answering) this.#complain('a request came before the last response was written');
    this.#body = '';
    const [method = '', target = ''] = head.startLine.split(' ');
    this.#method = method;
    const mark = marksIn(target)[0];
    this.#settle();
    this.#answered = false;
    this.#request = undefined;
    this.#case = mark === undefined ? undefined : this.#context.find(mark.caseIndex);
    const fuzzCase = this.#case;
    if (fuzzCase === undefined || mark === undefined) return;
    fuzzCase.pending += 1;
    this.#counted = true;
    this.#request = fuzzCase.requests.find(({ number }) => number === mark.request);
    const others = marksIn(headText(head)).filter(({ caseIndex }) => caseIndex !== fuzzCase.index);
    if (others.length > 0) this.#complain(`a head holds marks of other clients: ${JSON.stringify(others)}`);
    if (fuzzCase.blind) {
      this.#plan(true);
      return;
    }
    if (mark.request === FORBIDDEN) this.#complain('what was no request arrived as one');
    const request = this.#request;
    if (request === undefined) this.#complain(`a request arrived that nobody sent: ${head.startLine}`);
    else {
      request.seen += 1;
      request.seenAtMs = performance.now();
      request.acceptedAtMs = this.#acceptedAtMs;
      request.exchanges = this.#exchanges;
      if (!request.mustNotArrive) this.#compareHead(request, head, method, target);
      this.#plan(true);
    }
  }

  #compareHead(request: CaseRequest, head: StrictHead, method: string, target: string): void {
    const wrong = (what: string, got: unknown, wanted: unknown): void =>
      this.#complain(`${what} arrived as ${JSON.stringify(got)} instead of ${JSON.stringify(wanted)}`);
    if (method !== request.method) wrong('the method', method, request.method);
    if (target !== request.target) wrong('the target', target, request.target);
    const [host] = valuesOf(head, 'host');
    if (host !== request.host) wrong('Host', host, request.host);
    const nonces = valuesOf(head, 'x-nonce');
    if (nonces.join() !== request.nonce) wrong('X-Nonce', nonces, request.nonce);
    const probes = head.fields
      .filter(([name]) => name.toLowerCase().startsWith('x-fuzz'))
      .map(([name, value]) => `${name}: ${value}`.trimEnd());
    if (probes.join('\n') !== request.probes.join('\n')) wrong('the fields', probes, request.probes);
    for (const name of ['x-hop', 'keep-alive', 'proxy-connection']) {
      if (valuesOf(head, name).length > 0) wrong(name, valuesOf(head, name), 'nothing');
    }
    if (valuesOf(head, 'x-forwarded-for').join().includes('6.6.6.6'))
      wrong('X-Forwarded-For', '6.6.6.6', 'the address');
    if (request.seen > 1 && !MAY_COME_TWICE.has(request.method)) {
      this.#complain(`${request.method} was sent twice`);
    }
    if (request.seen > 2) this.#complain(`a request was sent ${request.seen} times`);
  }

  #end(trailers: readonly string[]): void {
    const request = this.#request;
    if (request !== undefined && this.#case?.blind === false) {
      request.completed += 1;
      if (request.mustNotArrive) this.#complain('an ambiguous or incomplete request arrived as a whole one');
      else if (this.#body !== request.body) {
        this.#complain(`the body arrived as ${shortened(this.#body)} instead of ${shortened(request.body)}`);
      } else if (trailers.join() !== request.trailers.join()) {
        this.#complain(
          `trailers arrived as ${JSON.stringify(trailers)} instead of ${JSON.stringify(request.trailers)}`,
        );
      }
    }
    this.#plan(false);
  }

  /** Called at the head and at the end; one of them is the time to answer. */
  #plan(atHead: boolean): void {
    const plan = this.#plannedResponse();
    if (this.#answered) return;
    if (plan === undefined) {
      if (!atHead) this.#write(UNKNOWN, 0);
      return;
    }
    if (atHead && plan.deafMs > 0) {
      this.#socket.pause();
      setTimeout(() => this.#socket.resume(), plan.deafMs);
    }
    if (plan.early !== atHead) return;
    if (!atHead && plan.after === 'echo') this.#echoes = true;
    this.#write(plan, 0);
  }

  /** A mutation may ask by another method than planned, or at another backend: what soils or ends sockets there must not do it here. */
  #plannedResponse(): ResponsePlan | undefined {
    const request = this.#request;
    if (request?.target.startsWith(`/${this.#area}/`) !== true) return undefined;
    return (this.#method === 'HEAD') === (request.method === 'HEAD') ? request.plan : undefined;
  }

  #write(plan: ResponsePlan, cut: number): void {
    this.#answering = true;
    this.#answered = true;
    const start = cut === 0 ? 0 : plan.cuts[cut - 1]!;
    const end = plan.cuts[cut] ?? plan.wire.length;
    const wire =
      plan === UNKNOWN && this.#method === 'HEAD'
        ? plan.wire.slice(0, plan.wire.indexOf('\r\n\r\n') + 4)
        : plan.wire;
    if (end > start) this.#socket.write(wire.slice(start, end), 'latin1');
    if (cut >= plan.cuts.length) {
      this.#answering = false;
      if (this.#request !== undefined) this.#request.answeredAtMs = performance.now();
      this.#finish(plan);
      return;
    }
    const dueAtMs = performance.now() + plan.gapMs;
    const goOn = (): void => {
      if (this.#case !== undefined) this.#case.lateMs += performance.now() - dueAtMs;
      this.#write(plan, cut + 1);
    };
    if (plan.gapMs > 0) setTimeout(goOn, plan.gapMs);
    else setImmediate(goOn);
  }

  #finish(plan: ResponsePlan): void {
    const socket = this.#socket;
    if (this.#echoes) {
      const rest = this.#reader.becomeRaw();
      if (rest !== '') socket.write(rest, 'latin1');
      return;
    }
    switch (plan.after) {
      case 'keep':
        this.#settle();
        break;
      case 'end':
        socket.end();
        break;
      case 'reset':
        // Written bytes must go out first.
        if (socket.writableLength === 0) socket.resetAndDestroy();
        else socket.once('drain', () => socket.resetAndDestroy());
        break;
      case 'silence':
      case 'echo':
        break;
      case 'end soon':
        this.#settle();
        this.#whenIdle(3, () => socket.end());
        break;
      case 'soil':
        this.#settle();
        // Nothing that could be taken for a response: a socket may have been leased again by then.
        this.#whenIdle(2, () => {
          this.#soiled = true;
          socket.write('\u0000surplus');
        });
        break;
    }
  }

  /** Not in the middle of the next response: that would be another fault, and not the one that was announced. */
  #whenIdle(delayMs: number, act: () => void): void {
    const exchanges = this.#exchanges;
    setTimeout(() => {
      if (this.#exchanges === exchanges) act();
    }, delayMs);
  }

  /** The exchange is over for the backend. */
  #settle(): void {
    if (this.#counted && this.#case !== undefined) this.#case.pending -= 1;
    this.#counted = false;
  }
}

const UNKNOWN: ResponsePlan = {
  name: 'unknown',
  wire: 'HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nunknown',
  cuts: [],
  gapMs: 0,
  early: false,
  after: 'keep',
  deafMs: 0,
};

function headText(head: StrictHead): string {
  return `${head.startLine}\n${head.fields.map(([name, value]) => `${name}: ${value}`).join('\n')}`;
}

function shortened(text: string): string {
  const shown = JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
  return `${shown} (${text.length} bytes)`;
}
