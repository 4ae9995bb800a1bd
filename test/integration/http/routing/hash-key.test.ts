import { describe, expect, it } from 'vitest';

import { answering, ok } from '../../../support/peers/answering.ts';
import { ByteSocket } from '../../../support/sockets/byte-socket.ts';
import { readMessage } from '../../../support/peers/http-message.ts';
import { owned } from '../../../support/owned.ts';
import { RecordingBackend } from '../../../support/peers/recording-backend.ts';
import { startProxy } from '../../../support/labs/start-proxy.ts';

const BACKENDS = 5;
const KEYS = Array.from({ length: 40 }, (_, i) => `user-${i}`);

/** Asks for the backend of each key, `rounds` times; the backends that each key was sent to. */
async function destinations(
  algorithm: string,
  hashKey: string,
  request: (key: string, round: number) => string,
): Promise<Map<string, Set<string>>> {
  const lines: string[] = [];
  for (let i = 0; i < BACKENDS; i++) {
    const backend = owned(await RecordingBackend.start(answering(() => ok(`backend-${i}`))));
    lines.push(`  - { name: backend-${i}, address: "${backend.address}" }`);
  }
  const proxy = owned(
    await startProxy(
      `listen: "127.0.0.1:0"\nload_balancer: { algorithm: ${algorithm}, hash_key: "${hashKey}" }\nbackends:\n${lines.join('\n')}\n`,
      Math.random,
    ),
  );
  const found = new Map<string, Set<string>>();
  const client = owned(await ByteSocket.connect(proxy.address()));
  for (let round = 0; round < 4; round++) {
    for (const key of KEYS) {
      client.send(request(key, round));
      const name = (await readMessage(client)).body.toString();
      if (!found.has(key)) found.set(key, new Set());
      found.get(key)!.add(name);
    }
  }
  return found;
}

const head = (target: string, lines = ''): string => `GET ${target} HTTP/1.1\r\nHost: a\r\n${lines}\r\n`;

describe('hash_key', () => {
  it.each<[string, string, (key: string, round: number) => string]>([
    ['consistent-hash', 'header:X-User', (key, round) => head(`/${round}`, `x-USER: ${key}\r\n`)],
    ['maglev', 'header:X-User', (key, round) => head(`/${round}`, `X-User:  ${key} \r\n`)],
    [
      'bounded-consistent-hash',
      'cookie:session',
      (key, round) => head('/', `Cookie: round=${round}; session=${key}; x=session=y\r\n`),
    ],
    ['maglev', 'cookie:session', (key, round) => head('/', `cookie: session=${key};session${round}=1\r\n`)],
    ['consistent-hash', 'path', (key, round) => head(`/${key}?round=${round}`)],
    ['maglev', 'path', (key, round) => head(`/${key}?round=${round}`)],
    ['consistent-hash', 'query:id', (key, round) => head(`/${round}?a=${round}&id=${key}&id=other`)],
    ['maglev', 'query:id', (key, round) => head(`/?id=${encodeURIComponent(key)}&b=${round}`)],
  ])(
    '%s sends each key of %s to one backend, and different keys to different ones',
    async (algorithm, hashKey, request) => {
      const found = await destinations(algorithm, hashKey, request);
      expect([...found.values()].filter((names) => names.size > 1)).toEqual([]);
      expect(new Set([...found.values()].flatMap((names) => [...names])).size).toBeGreaterThan(1);
    },
  );

  it('source-ip sends all requests of a client to one backend', async () => {
    const found = await destinations('consistent-hash', 'source-ip', (key) => head(`/${key}`));
    expect(new Set([...found.values()].flatMap((names) => [...names])).size).toBe(1);
  });

  it.each(['header:X-User', 'cookie:session', 'query:id'])(
    '%s spreads requests without it',
    async (hashKey) => {
      const found = await destinations('consistent-hash', hashKey, () =>
        head('/?x=1', 'Cookie: other=1\r\n'),
      );
      expect(new Set([...found.values()].flatMap((names) => [...names])).size).toBeGreaterThan(1);
    },
  );
});
