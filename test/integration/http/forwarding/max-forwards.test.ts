import { describe, expect, it } from 'vitest';

import { fieldValues, readMessage } from '../../../support/peers/http-message.ts';
import { get, scene } from '../scene.ts';

const request = (method: string, lines: string, target = '/some/path?q'): string =>
  `${method} ${target} HTTP/1.1\r\nHost: a\r\n${lines}\r\n`;

describe('Max-Forwards: 0', () => {
  it('lets the proxy itself answer a TRACE, with the request as it came but for secrets', async () => {
    const stage = await scene();
    const client = await stage.client();
    client.send(
      request(
        'TRACE',
        'X-b: 1\r\nAUTHORIZATION: Basic x\r\ncookie: a=b\r\nProxy-Authorization: y\r\nx-B:  2\r\nMax-Forwards: 0\r\nEmpty:\r\n',
      ),
    );
    const response = await readMessage(client);
    expect(response.startLine).toBe('HTTP/1.1 200 OK');
    expect(fieldValues(response, 'content-type')).toEqual(['message/http']);
    expect(response.body.toString()).toBe(
      'TRACE /some/path?q HTTP/1.1\r\nHost: a\r\nX-b: 1\r\nx-B:  2\r\nMax-Forwards: 0\r\nEmpty:\r\n\r\n',
    );
    // The connection goes on.
    client.send(get('/next'));
    await readMessage(client);
    expect(stage.seen.map((seen) => seen.startLine)).toEqual(['GET /next HTTP/1.1']);
  });

  it('echoes the version of a client of HTTP/1.0', async () => {
    const stage = await scene();
    const response = await stage.exchange('TRACE / HTTP/1.0\r\nMax-Forwards: 0\r\n\r\n');
    expect(response.body.toString()).toBe('TRACE / HTTP/1.0\r\nMax-Forwards: 0\r\n\r\n');
  });

  it('lets the proxy itself answer OPTIONS, of a path or of the server', async () => {
    const stage = await scene();
    for (const target of ['/x', '*']) {
      const response = await stage.exchange(request('OPTIONS', 'Max-Forwards: 0\r\n', target));
      expect(response.startLine).toBe('HTTP/1.1 204 No Content');
      expect(fieldValues(response, 'allow')).toEqual(['GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE']);
      expect(response.lines.filter((line) => /^content-|^transfer-/i.test(line))).toEqual([]);
    }
    expect(stage.backend.connections).toHaveLength(0);
  });

  it('ends the connection when a body follows that nobody reads', async () => {
    const stage = await scene();
    const { status, closed } = await stage.refusal(
      request('TRACE', 'Max-Forwards: 0\r\nContent-Length: 5\r\n'),
    );
    expect([status, closed]).toEqual([200, true]);
  });
});

describe('Max-Forwards', () => {
  it.each(['TRACE', 'OPTIONS'])('of %s is one less for the backend', async (method) => {
    const stage = await scene();
    for (const [given, passed] of [
      ['1', '0'],
      ['10', '9'],
      ['007', '6'],
      ['999999999', '999999998'],
    ] as const) {
      await stage.exchange(request(method, `X: 1\r\nmax-FORWARDS: ${given}\r\n`));
      expect(fieldValues(stage.seen.at(-1)!, 'max-forwards')).toEqual([passed]);
    }
  });

  it.each(['-1', '1.5', 'x', '', '1 1', '0x0', '9999999999', '+0'])(
    'that is no number it can count with passes as it is: %j',
    async (value) => {
      const stage = await scene();
      await stage.exchange(request('TRACE', `Max-Forwards: ${value}\r\n`));
      expect(fieldValues(stage.seen[0]!, 'max-forwards')).toEqual([value]);
    },
  );

  it('that is there twice passes as it is', async () => {
    const stage = await scene();
    await stage.exchange(request('OPTIONS', 'Max-Forwards: 0\r\nMax-Forwards: 5\r\n'));
    expect(fieldValues(stage.seen[0]!, 'max-forwards')).toEqual(['0', '5']);
  });

  it.each(['GET', 'HEAD', 'DELETE', 'PUT'])('of %s means nothing and passes as it is', async (method) => {
    const stage = await scene();
    await stage.exchange(request(method, 'Max-Forwards: 0\r\n'));
    await stage.exchange(request(method, 'Max-Forwards: 5\r\n'));
    expect(stage.seen.map((seen) => fieldValues(seen, 'max-forwards'))).toEqual([['0'], ['5']]);
  });
});
