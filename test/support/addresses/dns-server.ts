import { createSocket, type Socket as Datagrams } from 'node:dgram';
import { once } from 'node:events';
import { createServer, isIPv4, type Server } from 'node:net';

import { owned } from '../owned.ts';

/** The answer of a {@link DnsServer} about a name. */
export type DnsReply =
  /** Addresses of both families; `ttl` in seconds. `tcp`: too long for a datagram. */
  | { readonly addresses: readonly string[]; readonly ttl?: number; readonly tcp?: boolean }
  /** No answer at all. */
  | 'silent'
  /** The AAAA records are not answered. */
  | { readonly addresses: readonly string[]; readonly silentIpv6: true }
  | 'nxdomain'
  | 'servfail';

const A = 1;
const AAAA = 28;
const CODES: Readonly<Record<string, number>> = { servfail: 2, nxdomain: 3 };
const TRUNCATED = 0x02;

/** A small name server on 127.0.0.1, over UDP and TCP. What it was told nothing about does not exist. */
export class DnsServer {
  readonly replies = new Map<string, DnsReply>();
  /** Said about all other names. */
  otherwise: DnsReply = 'nxdomain';
  /** Names that were asked for, with the type: `shop.test A`. */
  readonly questions: string[] = [];
  readonly #udp: Datagrams;
  readonly #tcp: Server;
  readonly #waiting = new Set<() => void>();

  private constructor(udp: Datagrams, tcp: Server) {
    this.#udp = udp;
    this.#tcp = tcp;
    udp.on('message', (question, { port, address }) => {
      const answer = this.#answer(question, false);
      if (answer !== undefined) udp.send(answer, port, address);
    });
    tcp.on('connection', (socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (bytes: Buffer) => {
        const answer = this.#answer(bytes.subarray(2), true);
        if (answer === undefined) return;
        const length = Buffer.alloc(2);
        length.writeUInt16BE(answer.length);
        socket.write(Buffer.concat([length, answer]));
      });
    });
  }

  /** Ends with the test. */
  static async start(replies: Readonly<Record<string, DnsReply>> = {}): Promise<DnsServer> {
    for (;;) {
      const udp = createSocket('udp4');
      udp.bind(0, '127.0.0.1');
      await once(udp, 'listening');
      const tcp = createServer();
      tcp.listen(udp.address().port, '127.0.0.1');
      try {
        await once(tcp, 'listening');
      } catch {
        // Somebody else has that port for TCP.
        udp.close();
        continue;
      }
      const server = owned(new DnsServer(udp, tcp));
      for (const [name, reply] of Object.entries(replies)) server.replies.set(name, reply);
      return server;
    }
  }

  get address(): string {
    return `127.0.0.1:${String(this.#udp.address().port)}`;
  }

  /** Waits until a question was asked so many times. */
  async untilAsked(question: string, times = 1): Promise<void> {
    while (this.questions.filter((asked) => asked === question).length < times)
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  async close(): Promise<void> {
    this.#udp.close();
    this.#tcp.close();
    await once(this.#udp, 'close');
  }

  #answer(question: Buffer, overTcp: boolean): Buffer | undefined {
    const { name, type, end } = readQuestion(question);
    this.questions.push(`${name} ${type === A ? 'A' : 'AAAA'}`);
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
    const reply = this.replies.get(name) ?? this.otherwise;
    if (reply === 'silent') return undefined;
    if (typeof reply === 'string') return message(question, end, CODES[reply] ?? 0, []);
    if ('silentIpv6' in reply && type === AAAA) return undefined;
    if ('tcp' in reply && reply.tcp && !overTcp) return message(question, end, 0, [], TRUNCATED);
    const ttl = 'ttl' in reply ? (reply.ttl ?? 60) : 60;
    const mine = reply.addresses.filter((address) => isIPv4(address) === (type === A));
    return message(
      question,
      end,
      0,
      mine.map((address) => record(address, ttl)),
    );
  }
}

function readQuestion(bytes: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = bytes[at] ?? 0; length > 0; length = bytes[at] ?? 0) {
    labels.push(bytes.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: bytes.readUInt16BE(at + 1), end: at + 5 };
}

function message(question: Buffer, end: number, code: number, records: readonly Buffer[], flags = 0): Buffer {
  const head = Buffer.from(question.subarray(0, end));
  head[2] = 0x81 | flags;
  head[3] = 0x80 | code;
  head.writeUInt16BE(records.length, 6);
  head.writeUInt16BE(0, 8);
  head.writeUInt16BE(0, 10);
  return Buffer.concat([head, ...records]);
}

function record(address: string, ttl: number): Buffer {
  const data = isIPv4(address) ? Buffer.from(address.split('.').map(Number)) : ipv6Bytes(address);
  const head = Buffer.alloc(12);
  // The name is that of the question.
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(isIPv4(address) ? A : AAAA, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(ttl, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function ipv6Bytes(address: string): Buffer {
  const [before = '', after] = address.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const [head, tail] = [groups(before), groups(after ?? '')];
  const all = [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail];
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex');
}
