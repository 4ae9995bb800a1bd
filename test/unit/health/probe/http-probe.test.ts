import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Address } from '../../../../src/config/values/address.ts';
import type { HttpProbeSettings } from '../../../../src/health/probe/probe-settings.ts';
import { startHttpProbe } from '../../../../src/health/probe/http-probe.ts';
import { PATIENCE_MS } from '../../../support/time/patience.ts';
import { rawServer, refusingAddress } from '../raw-server.ts';
import { probeTarget } from '../probe-target.ts';

const request: HttpProbeSettings = {
  kind: 'http',
  method: 'GET',
  headers: [],
  expectedBody: undefined,
  path: '/healthz?deep=1',
  host: 'backend.example:9001',
  expectedStatus: [
    { from: 200, to: 399 },
    { from: 418, to: 418 },
  ],
};

function probe(address: Address, timeoutMs = PATIENCE_MS): Promise<string | undefined> {
  return new Promise((resolve) => startHttpProbe(probeTarget(address, timeoutMs), request, resolve));
}

/** Probes a server that sends `pieces` once the request has come, each in a packet of its own, and leaves the connection open. */
async function probeAnswer(...pieces: string[]): Promise<string | undefined> {
  const backend = await rawServer((socket) => {
    socket.setNoDelay(true);
    socket.once('data', () => void sendPieces(socket, pieces));
  });
  const failure = await probe(backend.address);
  await backend.closed();
  return failure;
}

async function sendPieces(socket: Socket, pieces: string[]): Promise<void> {
  for (const piece of pieces) {
    socket.write(piece, 'latin1');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('the request', () => {
  it('is a GET that a strict server takes, with Host, User-Agent and Connection: close', async () => {
    const seen = vi.fn();
    const server = createServer((incoming, response) => {
      seen(incoming.method, incoming.url, incoming.httpVersion, incoming.headers);
      response.end('fine');
    });
    onTestFinished(() => void server.close());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    expect(await probe({ kind: 'tcp', host: '127.0.0.1', port })).toBeUndefined();
    expect(seen).toHaveBeenCalledExactlyOnceWith('GET', '/healthz?deep=1', '1.1', {
      host: 'backend.example:9001',
      'user-agent': 'balance-health',
      accept: '*/*',
      connection: 'close',
    });
  });
});

it('encodes what a request line may not hold', async () => {
  const heard = new Promise<string>((resolve) => {
    void rawServer((socket) => socket.once('data', (bytes) => resolve(bytes.toString('latin1')))).then(
      ({ address }) => {
        const probing = startHttpProbe(
          probeTarget(address, 5000),
          { ...request, path: '/zustand/für%20 x\r\nA: b' },
          () => undefined,
        );
        onTestFinished(() => probing.destroy());
      },
    );
  });
  expect(await heard).toMatch(/^GET \/zustand\/f%C3%BCr%20%20x%0D%0AA:%20b HTTP\/1\.1\r\n/);
});

describe('an answer', () => {
  it.each(['200 OK', '204 No Content', '302 Found', '399 ', '418 '])(
    'with status %s passes',
    async (status) => {
      expect(await probeAnswer(`HTTP/1.1 ${status}\r\n\r\n`)).toBeUndefined();
    },
  );

  it.each(['500 Internal Server Error', '404 Not Found', '400', '417 ', '419 '])(
    'with status %s fails',
    async (status) => {
      expect(await probeAnswer(`HTTP/1.1 ${status}\r\n\r\n`)).toMatch(
        new RegExp(`^answered GET /\\S* with status ${status.slice(0, 3)}, and not with 200`),
      );
    },
  );

  it('passes byte by byte', async () => {
    expect(await probeAnswer(...Array.from('HTTP/1.0 200 OK\r\nA: b\r\n\r\n'))).toBeUndefined();
  });

  it('passes after interim answers', async () => {
    expect(
      await probeAnswer('HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n', 'HTTP/1.1 200 OK\r\n\r\n'),
    ).toBeUndefined();
  });

  it.each(['HTTP/1.2 200 OK\r\n\r\n', 'HTTP/1.1 200 OK\nA: b\n\n', 'HTTP/1.0  200\n\n'])(
    'passes outside the grammar where requests are served with it too: %j',
    async (answer) => {
      expect(await probeAnswer(answer)).toBeUndefined();
    },
  );

  it('is not waited for to its end', async () => {
    expect(
      await probeAnswer('HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n', 'x'.repeat(1000)),
    ).toBeUndefined();
  });

  it.each([
    ['SSH-2.0-OpenSSH_9.2\r\n'],
    ['\x15\x03\x01\x00\x02\x02\x46'],
    ['HTTP/2 200 OK\r\n\r\n'],
    ['HTTP/1.1 2000 OK\r\n'],
    ['HTTP/1.1 OK\r\n'],
    ['\r\nHTTP/1.1 200 OK\r\n'],
  ])('that is garbage (%j) fails at once', async (garbage) => {
    expect(await probeAnswer(garbage)).toBe('the answer is not HTTP/1');
  });

  it('whose status line never ends fails after a bounded number of bytes', async () => {
    expect(await probeAnswer('HTTP/1.1 200 ', 'a'.repeat(3000), 'a'.repeat(3000))).toContain(
      'first 4096 bytes',
    );
  });
});

describe('a backend that', () => {
  it('refuses fails the probe', async () => {
    expect(await probe(await refusingAddress())).toContain('ECONNREFUSED');
  });

  it('closes before it answers fails the probe', async () => {
    const backend = await rawServer((socket) => socket.once('data', () => socket.end()));
    expect(await probe(backend.address)).toBe('the connection was closed before an answer came');
    await backend.closed();
  });

  it('closes in the middle of the status line fails the probe', async () => {
    const backend = await rawServer((socket) => socket.once('data', () => socket.end('HTTP/1.1 2')));
    expect(await probe(backend.address)).toBe('the connection was closed before an answer came');
  });

  it.each(['HTTP/1.1 200 OK\r\n', 'HTTP/1.1 200 OK\r\nContent-'])(
    'closes or stops in the head of its answer (%j) fails the probe',
    async (part) => {
      const closing = await rawServer((socket) => socket.once('data', () => socket.end(part)));
      expect(await probe(closing.address)).toBe('the connection was closed before an answer came');
      const stopping = await rawServer((socket) => socket.once('data', () => socket.write(part)));
      expect(await probe(stopping.address, 30)).toBe('no answer within 30ms');
    },
  );

  it('resets the connection fails the probe', async () => {
    const backend = await rawServer((socket) => socket.once('data', () => socket.resetAndDestroy()));
    expect(await probe(backend.address)).toContain('ECONNRESET');
  });

  it('hangs fails the probe after the timeout, and the connection goes', async () => {
    const backend = await rawServer((socket) => socket.resume());
    expect(await probe(backend.address, 30)).toBe('no answer within 30ms');
    await backend.closed();
  });

  it('keeps sending without an answer fails the probe after the same timeout', async () => {
    const backend = await rawServer((socket) => {
      const timer = setInterval(() => socket.write('HTTP/1.1 103 Hm\r\n\r\n'), 5);
      socket.on('close', () => clearInterval(timer));
    });
    expect(await probe(backend.address, 60)).toBe('no answer within 60ms');
    await backend.closed();
  });

  it('answers after the probe was destroyed is not heard', async () => {
    const ended = vi.fn();
    const backend = await rawServer((socket) => {
      socket.once('data', () => {
        probing.destroy();
        socket.end('HTTP/1.1 200 OK\r\n\r\n');
      });
    });
    const probing = startHttpProbe(probeTarget(backend.address, 5000), request, ended);
    await new Promise((resolve) => backend.server.once('connection', resolve));
    await backend.closed();
    expect(ended).not.toHaveBeenCalled();
  });
});
