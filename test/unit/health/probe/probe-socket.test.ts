import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { Address } from '../../../../src/config/values/address.ts';
import { startTcpProbe } from '../../../../src/health/probe/tcp-probe.ts';
import { PATIENCE_MS } from '../../../support/time/patience.ts';
import { rawServer, refusingAddress } from '../raw-server.ts';
import { probeTarget } from '../probe-target.ts';

const CONNECTS = { kind: 'tcp', send: undefined, expect: undefined } as const;

function probe(address: Address, timeoutMs = PATIENCE_MS): Promise<string | undefined> {
  return new Promise((resolve) => startTcpProbe(probeTarget(address, timeoutMs), CONNECTS, resolve));
}

it('passes when the backend accepts, and leaves no connection', async () => {
  const backend = await rawServer((socket) => socket.resume());
  expect(await probe(backend.address)).toBeUndefined();
  await backend.closed();
});

it('passes for a server that speaks first and hangs up', async () => {
  const greeting = await rawServer((socket) => socket.end('220 mail.example\r\n'));
  expect(await probe(greeting.address)).toBeUndefined();
});

it('fails with the reason when the connection is refused', async () => {
  expect(await probe(await refusingAddress())).toContain('ECONNREFUSED');
});

it('fails with a reason when a name has several addresses and all refuse', async () => {
  const address = await refusingAddress();
  const failure = await probe({ kind: 'tcp', host: 'localhost', port: (address as { port: number }).port });
  expect(failure).toContain('ECONNREFUSED');
});

it('connects to unix sockets', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'balance-probe-'));
  const path = join(directory, 'backend.sock');
  const server = createServer((socket) => socket.resume());
  onTestFinished(() => {
    server.close();
    rmSync(directory, { recursive: true });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  expect(await probe({ kind: 'unix', path })).toBeUndefined();
  expect(await probe({ kind: 'unix', path: `${path}.missing` })).toContain('ENOENT');
});

it('answers later, and does not throw, when the address is impossible', async () => {
  const ended = vi.fn();
  startTcpProbe(probeTarget({ kind: 'tcp', host: '127.0.0.1', port: 70_000 }, 5000), CONNECTS, ended);
  expect(ended).not.toHaveBeenCalled();
  await vi.waitFor(() => expect(ended).toHaveBeenCalledOnce());
  expect(ended.mock.calls[0]?.[0]).toContain('70000');
});

it('says nothing any more once it is destroyed', async () => {
  const backend = await rawServer((socket) => socket.resume());
  const ended = vi.fn();
  startTcpProbe(probeTarget(backend.address, 5000), CONNECTS, ended).destroy();
  startTcpProbe(probeTarget(await refusingAddress(), 5000), CONNECTS, ended).destroy();
  await probe(backend.address);
  await backend.closed();
  expect(ended).not.toHaveBeenCalled();
});
