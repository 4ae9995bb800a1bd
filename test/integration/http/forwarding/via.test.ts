import { describe, expect, it } from 'vitest';

import { ok } from '../../../support/peers/answering.ts';
import { fieldValues, readMessage, statusOf } from '../../../support/peers/http-message.ts';
import { get, scene } from '../scene.ts';

const NAMED = 'http: { via: edge-1 }';

describe('Via', () => {
  it.each([
    ['without a name', ''],
    ['with an empty name', "http: { via: '' }"],
  ])('is not said %s, and what others wrote stays', async (_which, yaml) => {
    const stage = await scene({ yaml, respond: () => ok('x', 'Via: 1.1 b\r\n') });
    const response = await stage.exchange(get('/', 'Via: 1.1 a\r\n'));
    expect(fieldValues(stage.seen[0]!, 'via')).toEqual(['1.1 a']);
    expect(fieldValues(response, 'via')).toEqual(['1.1 b']);
  });

  it('names the proxy to both sides where it has a name', async () => {
    const stage = await scene({ yaml: NAMED });
    const response = await stage.exchange(get());
    expect(fieldValues(stage.seen[0]!, 'via')).toEqual(['1.1 edge-1']);
    expect(fieldValues(response, 'via')).toEqual(['1.1 edge-1']);
  });

  it('says in which version each message came in', async () => {
    const stage = await scene({
      yaml: NAMED,
      respond: () => 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n',
    });
    const response = await stage.exchange('GET / HTTP/1.0\r\n\r\n');
    expect(stage.seen[0]!.startLine).toBe('GET / HTTP/1.1');
    expect(fieldValues(stage.seen[0]!, 'via')).toEqual(['1.0 edge-1']);
    expect(response.startLine).toBe('HTTP/1.1 200 OK');
    expect(fieldValues(response, 'via')).toEqual(['1.0 edge-1']);
  });

  it('comes behind what others wrote, which stays line by line', async () => {
    const stage = await scene({
      yaml: NAMED,
      respond: () => ok('x', 'via: 1.0 a (old, one)\r\nX-Between: 1\r\nVIA: HTTP/1.1 b\r\n'),
    });
    const response = await stage.exchange(
      get('/', 'Via: 1.0 fred\r\nX-Between: 1\r\nvia: 1.1 p.example:80, 2 q\r\n'),
    );
    const via = (line: string): boolean => /^via:/i.test(line);
    expect(stage.seen[0]!.lines.filter(via)).toEqual([
      'Via: 1.0 fred',
      'via: 1.1 p.example:80, 2 q',
      'Via: 1.1 edge-1',
    ]);
    expect(response.lines.filter(via)).toEqual([
      'via: 1.0 a (old, one)',
      'VIA: HTTP/1.1 b',
      'Via: 1.1 edge-1',
    ]);
  });

  it('is said on upgrades too', async () => {
    const stage = await scene({
      yaml: NAMED,
      respond: () => 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n',
    });
    const response = await stage.exchange(get('/', 'Connection: Upgrade\r\nUpgrade: foo\r\n'));
    expect(response.startLine).toBe('HTTP/1.1 101 Switching Protocols');
    expect(fieldValues(response, 'via')).toEqual(['1.1 edge-1']);
    expect(fieldValues(stage.seen[0]!, 'via')).toEqual(['1.1 edge-1']);
  });

  it('of a response does not make a loop of it', async () => {
    const stage = await scene({ yaml: NAMED, respond: () => ok('x', 'Via: 1.1 edge-1\r\n') });
    expect(statusOf(await stage.exchange(get()))).toBe(200);
  });
});

describe('a request that came through this proxy before', () => {
  it.each([
    ['alone', 'Via: 1.1 edge-1\r\n'],
    ['with the protocol in words', 'Via: HTTP/1.1 edge-1\r\n'],
    ['with a comment', 'Via: 1.1 edge-1 (balance)\r\n'],
    ['among others in one line', 'Via: 1.0 fred, 1.1  edge-1 , 1.1 other\r\n'],
    ['in a later line', 'Via: 1.0 fred\r\nX: 1\r\nvia: 1.1 edge-1\r\n'],
  ])('is refused with 508: %s', async (_how, lines) => {
    const stage = await scene({ yaml: NAMED });
    const client = await stage.client();
    client.send(get('/', lines));
    const response = await readMessage(client);
    expect(response.startLine).toBe('HTTP/1.1 508 Loop Detected');
    expect(response.body.toString()).toContain(fieldValues(response, 'x-request-id')[0]);
    expect(await client.untilEnded()).toBe('end');
    expect(stage.backend.connections).toHaveLength(0);
  });

  it.each([
    '1.1 edge-10',
    '1.1 my-edge-1',
    '1.1 other (edge-1)',
    '1.1 edge-1.example',
    'edge-1 other',
    '1.1 EDGE-1',
  ])('is not one whose Via only holds the name as a part: %s', async (via) => {
    const stage = await scene({ yaml: NAMED });
    expect(statusOf(await stage.exchange(get('/', `Via: ${via}\r\n`)))).toBe(200);
    expect(fieldValues(stage.seen[0]!, 'via')).toEqual([via, '1.1 edge-1']);
  });

  it('is noticed by the mark that the proxy made up, with and without a name', async () => {
    for (const yaml of [NAMED, '']) {
      const stage = await scene({ yaml });
      await stage.exchange(get());
      const [own] = fieldValues(stage.seen[0]!, 'cdn-loop');
      const again = get('/', `CDN-Loop: other, ${own}\r\n`);
      expect(await stage.refusal(again)).toMatchObject({ status: 508, closed: true });
      expect(stage.seen).toHaveLength(1);
    }
  });

  it('is not known by Via when the proxy has no name there', async () => {
    const stage = await scene({ yaml: "http: { via: '' }" });
    expect(statusOf(await stage.exchange(get('/', 'Via: 1.1 , 1.1\r\n')))).toBe(200);
  });
});
