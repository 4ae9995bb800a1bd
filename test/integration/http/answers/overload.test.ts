import { describe, expect, it } from 'vitest';

import { owned } from '../../../support/owned.ts';
import { labProxy } from '../../../support/labs/lab-proxy.ts';
import { answering, ok } from '../../../support/peers/answering.ts';
import { fieldValues, readMessage, statusOf, type Message } from '../../../support/peers/http-message.ts';
import { RecordingBackend } from '../../../support/peers/recording-backend.ts';
import { ByteSocket } from '../../../support/sockets/byte-socket.ts';
import { eventually } from '../../../support/time/eventually.ts';
import { get } from '../scene.ts';

describe('an overloaded proxy', () => {
  it('refuses new requests, answers its health endpoint, and goes on when an edit says so', async () => {
    const seen: Message[] = [];
    const backend = owned(await RecordingBackend.start(answering(() => ok(), seen)));
    const yaml = `
listen: "127.0.0.1:0"
reload: { watch: false }
health_endpoint: /health
backends: [{ name: one, address: "${backend.address}" }]
admin: { listen: "127.0.0.1:0" }
`;
    // Any heap is fuller than 0 %.
    const proxy = await labProxy(`${yaml}overload: { heap_percent: { refuse: 0 }, retry_after: 7s }`);
    const client = owned(await ByteSocket.connect(proxy.address()));
    const ask = async (path = '/'): Promise<Message> => {
      client.send(get(path));
      return readMessage(client);
    };
    const refused = await eventually(async () => {
      const response = await ask();
      return statusOf(response) === 503 ? response : undefined;
    }, 'a request is refused');
    expect(fieldValues(refused, 'retry-after')).toEqual(['7']);
    expect(fieldValues(refused, 'x-balance-reason')).toEqual(['overloaded']);
    expect(statusOf(await ask('/health'))).toBe(200);
    const overload = async (): Promise<unknown> => (await proxy.status())['overload'];
    expect(await overload()).toMatchObject({ heap: 'requests' });
    const before = seen.length;
    expect(statusOf(await ask())).toBe(503);
    expect(seen).toHaveLength(before);
    await proxy.change(yaml);
    expect(statusOf(await ask())).toBe(200);
    expect(await overload()).toBeNull();
  });

  it('closes new connections beyond the second threshold', async () => {
    const proxy = await labProxy(`
listen: "127.0.0.1:0"
reload: { watch: false }
backends: []
overload: { heap_percent: { refuse: 0, pause: 0 } }
`);
    await eventually(async () => {
      const client = owned(await ByteSocket.connect(proxy.address()));
      client.send(get());
      await client.until(
        () => client.received.length > 0 || client.ending !== undefined,
        'an answer or the end',
      );
      return client.received.length === 0;
    }, 'a connection is closed at once');
  });
});
