import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';

import { startTcpProbe } from '../../../../src/health/probe/tcp-probe.ts';
import { PATIENCE_MS } from '../../../support/time/patience.ts';
import { probeTarget } from '../probe-target.ts';
import { rawServer, refusingAddress } from '../raw-server.ts';

const PING = Buffer.from('PING\r\n');
const PONG = Buffer.from('+PONG');

/** Probes a server that does with the connection what the test says. */
async function probe(
  accept: (socket: Socket) => void,
  talk: { send?: Buffer; expect?: Buffer } = { send: PING, expect: PONG },
  timeoutMs = PATIENCE_MS,
): Promise<string | undefined> {
  const backend = await rawServer(accept);
  const settings = { kind: 'tcp', send: talk.send, expect: talk.expect } as const;
  const failure = await new Promise<string | undefined>((resolve) => {
    startTcpProbe(probeTarget(backend.address, timeoutMs), settings, resolve);
  });
  await backend.closed();
  return failure;
}

describe('a check that talks', () => {
  it('passes when the answer has the bytes, wherever packets end', async () => {
    const failure = await probe((socket) => {
      socket.setNoDelay(true);
      socket.once('data', (bytes) => {
        expect(bytes).toEqual(PING);
        socket.write('hello +PO');
        setImmediate(() => socket.write('NG\r\n'));
      });
    });
    expect(failure).toBeUndefined();
  });

  it('passes with bytes that are no text', async () => {
    const bytes = Buffer.from([0xff, 0x00, 0xfe]);
    expect(await probe((socket) => socket.write(bytes), { expect: bytes })).toBeUndefined();
  });

  it('passes once its bytes are sent when nothing is expected', async () => {
    expect(await probe((socket) => socket.resume(), { send: PING })).toBeUndefined();
  });

  it('fails when the answer ends without the bytes', async () => {
    const failure = await probe((socket) => socket.once('data', () => socket.end('-ERR\r\n')));
    expect(failure).toBe('the answer ended, and does not have what health_check.expect says');
  });

  it('fails after a bounded number of bytes', async () => {
    const failure = await probe((socket) => socket.once('data', () => socket.write('x'.repeat(20_000))));
    expect(failure).toContain('the first 16384 bytes');
  });

  it('fails when the backend closes without an answer', async () => {
    expect(await probe((socket) => socket.once('data', () => socket.end()))).toBe(
      'the connection was closed before an answer came',
    );
  });

  it('fails when the backend resets', async () => {
    expect(await probe((socket) => socket.once('data', () => socket.resetAndDestroy()))).toContain(
      'ECONNRESET',
    );
  });

  it('fails when the backend stalls', async () => {
    expect(await probe((socket) => socket.resume().write('+PON'), undefined, 30)).toBe(
      'no answer within 30ms',
    );
  });

  it('fails when the backend refuses', async () => {
    const address = await refusingAddress();
    const failure = await new Promise((resolve) => {
      startTcpProbe(probeTarget(address, PATIENCE_MS), { kind: 'tcp', send: PING, expect: PONG }, resolve);
    });
    expect(failure).toContain('ECONNREFUSED');
  });
});
