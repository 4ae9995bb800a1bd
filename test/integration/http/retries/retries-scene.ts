import { ByteSocket } from '../../../support/sockets/byte-socket.ts';
import { readMessage, type Message } from '../../../support/peers/http-message.ts';
import { RecordingBackend, type BackendScript } from '../../../support/peers/recording-backend.ts';
import { owned } from '../../../support/owned.ts';
import { startProxy, type RunningProxy } from '../../../support/labs/start-proxy.ts';

/** Delays are 0, so that no test waits. */
export const AT_ONCE = 'initial_delay: 0';

/** A proxy, and its backends in their order: those that the test did not give an address for. */
export interface FailingScene {
  readonly proxy: RunningProxy;
  readonly backends: readonly RecordingBackend[];
}

/** A proxy in front of backends that fail in their own ways, with these settings of `resilience.retry`. */
export function failingScene(
  scripts: readonly (BackendScript | string)[],
  retry: string,
  yaml = '',
): Promise<FailingScene> {
  return resilientScene(scripts, `retry: { ${retry} }`, yaml);
}

/** A proxy in front of backends that fail in their own ways, with these settings of `resilience`. */
export async function resilientScene(
  scripts: readonly (BackendScript | string)[],
  resilience: string,
  yaml = '',
): Promise<FailingScene> {
  const backends: RecordingBackend[] = [];
  const addresses: string[] = [];
  for (const script of scripts) {
    if (typeof script === 'string') addresses.push(script);
    else {
      const backend = owned(await RecordingBackend.start(script));
      backends.push(backend);
      addresses.push(backend.address);
    }
  }
  const lines = [
    'listen: "127.0.0.1:0"',
    'admin: { listen: "127.0.0.1:0" }',
    'metrics: { listen: "127.0.0.1:0" }',
    'reload: { watch: false }',
    `resilience: { ${resilience} }`,
    'backends:',
    ...addresses.map((address, index) => `  - { name: b${String(index)}, address: "${address}" }`),
    yaml,
  ];
  return { proxy: owned(await startProxy(lines.join('\n'))), backends };
}

/** Sends `request` on a connection of its own, and reads the response. */
export async function ask(proxy: RunningProxy, request: string): Promise<Message> {
  const client = owned(await ByteSocket.connect(proxy.address()));
  client.send(request);
  return readMessage(client, { noBody: request.startsWith('HEAD ') });
}

/** Reads a whole request, and then breaks the connection off without a byte of a response. */
export const resets: BackendScript = async (connection) => {
  await readMessage(connection);
  connection.close();
};

/** Reads a whole request, and never answers. */
export const stalls: BackendScript = (connection) => readMessage(connection);

/** Reads a whole request, sends these bytes of a response, and breaks the connection off. */
export function cutsOffAfter(bytes: string): BackendScript {
  return async (connection) => {
    await readMessage(connection);
    connection.send(bytes);
    connection.end();
  };
}

/** A response with that status and a short body. */
export function failure(status = 503): string {
  return `HTTP/1.1 ${String(status)} Failed\r\nContent-Length: 4\r\n\r\nbusy`;
}
