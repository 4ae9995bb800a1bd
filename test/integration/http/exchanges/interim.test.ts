import { describe, expect, it } from 'vitest';

import { ok } from '../../../support/peers/answering.ts';
import { fieldValues, readHead, readMessage, statusOf } from '../../../support/peers/http-message.ts';
import { get, scene } from '../scene.ts';

const HINTS = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n';

describe('interim responses', () => {
  it('reach HTTP/1.1 clients before the final one, in order', async () => {
    const stage = await scene({
      respond: () => `HTTP/1.1 102 Processing\r\n\r\n${HINTS}${HINTS}${ok('done')}`,
    });
    const client = await stage.client();
    client.send(get());
    const interim = [await readHead(client), await readHead(client), await readHead(client)];
    expect(interim).toEqual(['HTTP/1.1 102 Processing\r\n\r\n', HINTS, HINTS]);
    expect((await readMessage(client)).body.toString()).toBe('done');
    client.send(get());
    await readHead(client);
    expect(stage.backend.connections).toHaveLength(1);
  });

  it('never reach HTTP/1.0 clients', async () => {
    const stage = await scene({ respond: () => `${HINTS}${ok('done')}` });
    const response = await stage.exchange('GET / HTTP/1.0\r\n\r\n');
    expect(response.startLine).toBe('HTTP/1.1 200 OK');
    expect(response.body.toString()).toBe('done');
  });

  it('reach the client at once, not with the final response', async () => {
    let finish: (() => void) | undefined;
    const stage = await scene({
      respond: async (_request, connection) => {
        connection.send(HINTS);
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        return ok();
      },
    });
    const client = await stage.client();
    client.send(get());
    expect(await readHead(client)).toBe(HINTS);
    finish?.();
    expect(statusOf(await readMessage(client))).toBe(200);
  });
});

describe('Expect: 100-continue', () => {
  it('is forwarded, and the body follows the 100 of the backend', async () => {
    const stage = await scene({
      script: async (connection) => {
        const head = await readHead(connection);
        expect(head).toContain('\r\nExpect: 100-continue\r\n');
        connection.send('HTTP/1.1 100 Continue\r\n\r\n');
        await connection.untilText('body');
        connection.send(ok('thanks'));
      },
    });
    const client = await stage.client();
    client.send('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n');
    expect(await readHead(client)).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    client.send('body');
    const response = await readMessage(client);
    expect(response.body.toString()).toBe('thanks');
    expect(fieldValues(response, 'connection')).toEqual([]);
  });

  it('with a final status instead of a 100 gets that status alone, and the connection ends as the body never came', async () => {
    const stage = await scene({
      script: async (connection) => {
        await readHead(connection);
        connection.send('HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n');
      },
    });
    const client = await stage.client();
    client.send('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n');
    const response = await readMessage(client);
    expect(statusOf(response)).toBe(417);
    expect(fieldValues(response, 'connection')).toEqual(['close']);
    expect(await client.untilEnded()).toBe('end');
    expect(await (await stage.backend.connection(0)).untilEnded()).toBe('end');
  });
});

describe('an early final response', () => {
  it('is relayed while the client still uploads, and what follows is never taken for a request', async () => {
    const stage = await scene({
      script: async (connection) => {
        await readHead(connection);
        connection.send(ok('enough'));
      },
    });
    const client = await stage.client();
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nfirst');
    const response = await readMessage(client);
    expect(response.body.toString()).toBe('enough');
    expect(fieldValues(response, 'connection')).toEqual(['close']);
    client.send(get('/smuggled'));
    expect(await client.untilEnded()).toBe('end');
    expect(client.received).toHaveLength(0);
    expect(stage.backend.connections).toHaveLength(1);
    expect(stage.backend.connections[0]!.text).not.toContain('smuggled');
  });

  it('with a streamed body goes on while the upload goes on', async () => {
    const stage = await scene({
      script: async (connection) => {
        await readHead(connection);
        connection.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
        await connection.untilLength(3);
        connection.send(`3\r\n${connection.take(3).toString()}\r\n`);
        await connection.untilLength(3);
        connection.send(`3\r\n${connection.take(3).toString()}\r\n0\r\n\r\n`);
      },
    });
    const client = await stage.client();
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n');
    await readHead(client);
    client.send('abc');
    await client.untilText('abc');
    client.send('def');
    await client.untilText('0\r\n\r\n');
    expect(client.text).toBe('3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n');
  });
});
