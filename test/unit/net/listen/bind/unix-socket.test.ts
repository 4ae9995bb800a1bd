import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

import {
  adoptMode,
  changeMode,
  listenUnix,
  MAX_BOUND_PATH_BYTES,
} from '../../../../../src/net/listen/bind/unix-socket.ts';

function folderOfTest(): string {
  const folder = mkdtempSync(join(tmpdir(), 'balance-mode-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  return folder;
}

/** A server at a path, and its file. */
function listening(path: string, mode?: number): Server {
  const server = createServer();
  onTestFinished(() => void server.close());
  listenUnix(server, path, mode);
  return server;
}

it('makes a socket that keeps its path when the process that bound it closes it', async () => {
  const folder = folderOfTest();
  const path = join(folder, 'x.sock');
  // Of a process that was killed before it gave its socket the path.
  const killed = createServer().listen(`${path}.new`);
  await once(killed, 'listening');
  renameSync(`${path}.new`, `${path}.kept`);
  killed.close();
  renameSync(`${path}.kept`, `${path}.new`);
  const server = listening(path);
  expect(server.listening).toBe(true);
  expect(readdirSync(folder)).toEqual(['x.sock']);
  server.close();
  await once(server, 'close');
  expect(existsSync(path)).toBe(true);
});

it('makes no socket where there is something, and leaves that and nothing else', () => {
  const folder = folderOfTest();
  const path = join(folder, 'x.sock');
  writeFileSync(path, 'mine');
  expect(() => listening(path, 0o600)).toThrow(expect.objectContaining({ code: 'EADDRINUSE' }));
  expect(readFileSync(path, 'utf8')).toBe('mine');
  expect(readdirSync(folder)).toEqual(['x.sock']);
  const long = `/${'x'.repeat(MAX_BOUND_PATH_BYTES)}`;
  expect(() => listening(long)).toThrow(expect.objectContaining({ code: 'ENAMETOOLONG' }));
});

it('gives a socket that was taken over the permissions of the config, if it names any', () => {
  const path = join(folderOfTest(), 'x.sock');
  listening(path, 0o600);
  adoptMode(path, undefined);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  adoptMode(path, 0o666);
  expect(statSync(path).mode & 0o777).toBe(0o666);
  adoptMode(`${path}.gone`, 0o666);
});

it('changes the permissions of a socket, and of nothing that took its path', async () => {
  const folder = folderOfTest();
  const [path, stranger] = [join(folder, 'x.sock'), join(folder, 'stranger')];
  const server = createServer().listen(path);
  onTestFinished(() => void server.close());
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
