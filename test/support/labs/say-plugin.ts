import type { ByteSocket } from '../sockets/byte-socket.ts';
import { client } from '../peers/clients.ts';
import { eventually } from '../time/eventually.ts';
import { labProxy, type LabProxy } from './lab-proxy.ts';

/** A config with a listener `one` that speaks say, and `two` that speaks other. */
export const SAY = `
listeners:
  - { name: one, listen: '127.0.0.1:0', mode: say }
  - { name: two, listen: '127.0.0.1:0', mode: other }
upstreams: []
plugins: { directory: plugins }
reload: { debounce: 10ms, poll_interval: 200ms }
`;

/** A proxy with the plugins say and other, whose versions are v1 and o1. */
export async function sayProxy(files: Readonly<Record<string, string>>, yaml = SAY): Promise<LabProxy> {
  return labProxy(yaml, {
    'plugins/say.mjs': sayPlugin('v1'),
    'plugins/other.mjs': sayPlugin('o1', 'other'),
    ...files,
  });
}

/** The answer on a connection. */
export async function ask(socket: ByteSocket, text: string): Promise<string> {
  const before = socket.text.length;
  socket.send(text);
  await eventually(() => socket.text.length > before, `${text} was answered`);
  return socket.text.slice(before);
}

/** The answer on a new connection. */
export async function askAnew(proxy: LabProxy, listener = 'one'): Promise<string> {
  const socket = await client(proxy.address(listener));
  const answer = await ask(socket, 'x');
  socket.close();
  return answer;
}

/** How many lines with that text were logged. */
export async function logged(proxy: LabProxy, text: string): Promise<number> {
  return (await proxy.log()).split('\n').filter((line) => line.includes(text)).length;
}

/** A plugin of one file that answers each chunk with its version and the chunk, and logs what becomes of its instances. */
export function sayPlugin(version: string, name = 'say', more = ''): string {
  return `
class Say {
  protocol = '${name}';
  active = 0;
  #version = '${version}';
  #options;
  #host;
  #idle = [];
  constructor(options, host) {
    this.#options = options;
    this.#host = host;
    host.logger.info('made', { version: '${version}' });
  }
  handle(connection) {
    const { transport: stream } = connection;
    this.active += 1;
    stream.read({
      // Each chunk is an exchange of the instance that is current: of this class, or the private field can't be read.
      data: (bytes, start, end) => { stream.writeText(connection.current.say(bytes.latin1Slice(start, end))); },
      end() { stream.end(); },
      drained() {},
      closed: () => {
        this.active -= 1;
        if (this.active === 0) for (const resolve of this.#idle.splice(0)) resolve();
      },
    });
    return { drain() { stream.end(); } };
  }
  say(text) { return this.#version + (this.#options.mark ?? '') + ':' + text + ';'; }
  async close() {
    if (this.active > 0) await new Promise((resolve) => this.#idle.push(resolve));
    this.#host.logger.info('closed', { version: '${version}' });
  }
}
export default { apiVersion: 2, name: '${name}', provision: (options, host) => new Say(options, host), ${more} };
`;
}
