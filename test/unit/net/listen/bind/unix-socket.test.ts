import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

import { changeMode } from '../../../../../src/net/listen/bind/unix-socket.ts';

it('changes the permissions of a socket, and of nothing that took its path', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'balance-mode-'));
  const [path, stranger] = [join(folder, 'x.sock'), join(folder, 'stranger')];
  const server = createServer().listen(path);
  onTestFinished(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });
  await once(server, 'listening');
  const modeOf = (file: string): number => statSync(file).mode & 0o777;
  changeMode(path, 0o640);
  expect(modeOf(path)).toBe(0o640);
  writeFileSync(stranger, '', { mode: 0o600 });
  renameSync(path, `${path}.moved`);
  symlinkSync(stranger, path);
  expect(() => {
    changeMode(path, 0o666);
  }).toThrow('is no socket any more');
  expect(modeOf(stranger)).toBe(0o600);
});
