import { deadAddress } from '../addresses/dead-address.ts';
import { startProxy, type RunningProxy } from '../labs/start-proxy.ts';
import { owned } from '../owned.ts';
import { fieldValues, firstMessage, statusOf } from '../peers/http-message.ts';
import { ByteSocket } from '../sockets/byte-socket.ts';
import { fullBacklog } from '../sockets/full-backlog.ts';
import { FaultyBackend, type Fault } from './faulty-backend.ts';

/** All ways to fail, with those where nobody takes connections. */
export type AnyFault = Fault | 'refuses' | 'never accepts';

/** A proxy in front of a backend that fails, which gets the first request, and one that works. */
export class FaultScene {
  readonly proxy: RunningProxy;
  /** Undefined where nobody takes connections. */
  readonly bad: FaultyBackend | undefined;
  readonly good: FaultyBackend;

  private constructor(proxy: RunningProxy, bad: FaultyBackend | undefined, good: FaultyBackend) {
    this.proxy = proxy;
    this.bad = bad;
    this.good = good;
  }

  /** `yaml`: further lines of the config. The time limits are short. */
  static async start(fault: AnyFault, yaml: string): Promise<FaultScene> {
    const bad =
      fault === 'refuses' || fault === 'never accepts' ? undefined : await FaultyBackend.start('bad', fault);
    const good = await FaultyBackend.start('good');
    const proxy = await startProxy(`
listen: '127.0.0.1:0'
admin: { listen: '127.0.0.1:0' }
metrics: { listen: '127.0.0.1:0' }
reload: { watch: false }
timeouts: { connect: 300ms, read: 300ms }
backends:
  - { name: bad, address: '${bad?.address ?? (fault === 'refuses' ? await deadAddress() : await silentAddress())}' }
  - { name: good, address: '${good.address}' }
${yaml}
`);
    return new FaultScene(owned(proxy), bad, good);
  }

  /** Sends a request on a connection of its own; what its client saw. */
  async ask(request = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'): Promise<Sight> {
    return ask(this.proxy.address(), request);
  }

  /** How many tries have reached each backend: `1+0` are one at the bad one, and none at the good one. */
  get tries(): string {
    return `${String(this.bad?.tries ?? 0)}+${String(this.good.tries)}`;
  }

  /** The state of the bad backend, as the admin server shows it. */
  async stateOfBad(): Promise<string> {
    const { backends } = (await (await fetch(`http://${this.proxy.adminAddress}/backends`)).json()) as {
      readonly backends: readonly { readonly name: string; readonly state: string }[];
    };
    return backends.find(({ name }) => name === 'bad')?.state ?? '';
  }
}

/** What a client saw: `ok` for the whole answer of a backend that works, `cut` for an answer that ended early, `nothing`, or a status. */
export interface Sight {
  readonly what: string;
  /** The cookie that the answer sets; undefined when it sets none. */
  readonly cookie: string | undefined;
  /** Names of the fields of the answer, in lower case, and their values. */
  field(name: string): string | undefined;
}

export async function ask(address: string, request: string): Promise<Sight> {
  const client = owned(await ByteSocket.connect(address));
  client.send(request);
  const whole = (): ReturnType<typeof firstMessage> => firstMessage(client.received);
  await client.until(() => whole() !== undefined || client.ending !== undefined, 'an answer, or the end');
  const message = whole();
  client.close();
  const field = (name: string): string | undefined => message && fieldValues(message, name)[0];
  const said = message && `${String(statusOf(message))} ${message.body.toString()}`;
  const what =
    said === undefined
      ? client.received.length > 0
        ? 'cut'
        : 'nothing'
      : /^200 (?:good|bad)$/.test(said)
        ? 'ok'
        : said.slice(0, 3);
  return { what, field, cookie: field('set-cookie')?.split(';')[0] };
}

async function silentAddress(): Promise<string> {
  const { host, port } = await fullBacklog();
  return `${host}:${String(port)}`;
}
