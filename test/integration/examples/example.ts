import { readFileSync, readdirSync } from 'node:fs';
import type { ConnectionOptions, TlsOptions } from 'node:tls';
import { expect } from 'vitest';

import { answering, ok } from '../../support/peers/answering.ts';
import { backend } from '../../support/peers/backends.ts';
import { client, secureClient } from '../../support/peers/clients.ts';
import { fieldValues, type Message } from '../../support/peers/http-message.ts';
import { get } from '../../support/peers/http-talk.ts';
import type { RecordingBackend } from '../../support/peers/recording-backend.ts';
import type { ByteSocket } from '../../support/sockets/byte-socket.ts';
import { EXAMPLES, exampleCertificates } from '../../support/labs/example-folder.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';

export { EXAMPLES };

/** An example that runs on free ports. */
export interface Example {
  readonly proxy: LabProxy;
  /** By their ports in the example, as all that belongs to backends. */
  readonly backends: ReadonlyMap<string, RecordingBackend>;
  /** The requests that each backend got. */
  readonly seen: Readonly<Record<string, Message[]>>;
  connect(listener?: string): Promise<ByteSocket>;
  /** Connects with TLS, and trusts the CA of the examples. */
  connectSecurely(options: ConnectionOptions, listener?: string): ReturnType<typeof secureClient>;
  /** A file of the folder `certs`. */
  file(name: string): string;
}

/** What a backend speaks TLS with, by its port in the example: names of files in the folder `certs`. */
export type SecureBackends = Readonly<Record<string, { cert: string; key: string; ca?: string }>>;

/** Starts an example on free ports, with backends that answer `<port of the example> <path>`. */
export async function start(name: string, secure: SecureBackends = {}): Promise<Example> {
  const beside = ['conf.d', 'plugins'].flatMap((folder) =>
    readdirSync(new URL(`${folder}/`, EXAMPLES)).map((file) => `${folder}/${file}`),
  );
  const files: Record<string, string> = {};
  for (const file of [name, ...beside]) files[file] = readFileSync(new URL(file, EXAMPLES), 'utf8');
  const seen: Record<string, Message[]> = {};
  const certificates = name.includes('tls') || name === 'https.yaml' ? await exampleCertificates() : {};
  const file = (wanted: string): string => certificates[`certs/${wanted}`] ?? '';
  const backends = new Map<string, RecordingBackend>();
  for (const port of ['9001', '9002', '9003']) {
    const messages: Message[] = (seen[port] = []);
    const server = await backend(
      answering((request) => respond(port, request), messages),
      secureOptions(secure[port], file),
    );
    backends.set(port, server);
    for (const [file, text] of Object.entries(files)) {
      files[file] = text.replaceAll(`localhost:${port}`, server.address);
    }
  }
  const { [name]: text = '', ...included } = files;
  let yaml = text.replace(/(listen: ')(127\.0\.0\.1)?:(?:8\d{3}|9090)'/g, "$1127.0.0.1:0'");
  // Without an address, metrics would be served on the port of the default; those of a gateway are on its own port.
  if (!/^routes:/m.test(yaml))
    yaml = yaml.replace(/^metrics:\n(?!(?: .*\n)*? +listen:)/m, "$&  listen: '127.0.0.1:0'\n");
  yaml = yaml.replace('${env:LOG_FOLDER:-/tmp}', '.');
  // Nothing but comments may name the addresses of a real setup.
  expect(yaml.replace(/#.*$/gm, '')).not.toMatch(/localhost:9\d\d\d|:80\d\d|:9090/);
  const proxy = await labProxy(yaml, { ...included, ...certificates });
  return {
    proxy,
    backends,
    seen,
    connect: (listener) => client(proxy.address(listener)),
    connectSecurely: (options, listener) =>
      secureClient(proxy.address(listener), { ca: file('ca.crt'), ...options }),
    file,
  };
}

function secureOptions(
  names: SecureBackends[string] | undefined,
  file: (name: string) => string,
): TlsOptions | undefined {
  if (names === undefined) return undefined;
  const { cert, key, ca } = names;
  const clients = ca === undefined ? {} : { ca: file(ca), requestCert: true, rejectUnauthorized: true };
  return { cert: file(cert), key: file(key), ...clients };
}

function respond(port: string, request: Message): string {
  const path = request.startLine.split(' ')[1];
  if (fieldValues(request, 'upgrade').includes('websocket')) {
    return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nframes of ${port}`;
  }
  return ok(`${port} ${path}`);
}

/** Which backend answered. */
export async function served(socket: ByteSocket, path = '/', lines = ''): Promise<string> {
  return (await get(socket, path, lines)).body.split(' ')[0] ?? '';
}
