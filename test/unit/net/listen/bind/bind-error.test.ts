import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type ListenOptions } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { parseAddress } from '../../../../../src/config/values/address.ts';
import { bindError } from '../../../../../src/net/listen/bind/bind-error.ts';
import { systemCodeOf } from '../../../../../src/errors.ts';

/** What the runtime says about an address that can't be bound. */
function failureAt(options: ListenOptions): Promise<Error> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen(options, () => {
      server.close();
      reject(new Error('it can be bound'));
    });
  });
}

function told(listen: string, error: unknown): string {
  const { message, origin } = bindError('listener web', parseAddress(listen), error);
  expect(origin).toBe('config');
  return message;
}

function withCode(code: string): Error {
  return Object.assign(new Error(`listen ${code}`), { code });
}

describe('what is said of an address that can not be bound', () => {
  it.each([
    ['127.0.0.1:8080', 'EADDRINUSE', 'address_in_use', 'in use: end what listens there'],
    ['127.0.0.1:80', 'EACCES', 'config_invalid', 'may not use ports below 1024: choose a higher port'],
    ['127.0.0.1:8080', 'EACCES', 'config_invalid', 'the system or its security policy forbids that'],
    ['[::1]:8080', 'EAFNOSUPPORT', 'config_invalid', 'this machine has no IPv6'],
    [
      'nowhere.invalid:8080',
      'ENOTFOUND',
      'config_invalid',
      'the host name nowhere.invalid has no address here',
    ],
    ['127.0.0.1:8080', 'EMFILE', 'internal', 'listen EMFILE'],
  ])('%s with %s: what it is and what to do', (listen, systemCode, code, words) => {
    const refusal = bindError('listener web', parseAddress(listen), withCode(systemCode));
    expect(refusal.code).toBe(code);
    expect(refusal.message).toMatch(/^listener web can't bind /);
    expect(refusal.message).toContain(words);
  });

  it('names an address that this machine does not have', async () => {
    const error = await failureAt({ host: '192.0.2.1', port: 0 });
    expect(told('192.0.2.1:80', error)).toBe(
      "listener web can't bind 192.0.2.1:80: this machine has no address 192.0.2.1: take one that it has (ip address shows them), or :80 for all",
    );
  });
});

describe('what is said of a unix socket that can not be made', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'balance-bind-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
  });

  it('names the folder that is missing, of which the runtime speaks as of a missing permission', async () => {
    const path = join(folder, 'missing/x.sock');
    const error = await failureAt({ path });
    expect(systemCodeOf(error)).toBe('EACCES');
    expect(told(`unix:${path}`, error)).toBe(
      `listener web can't bind unix:${path}: the folder ${folder}/missing does not exist: make it first, it is not made for you`,
    );
  });

  it('says that the folder is a file', async () => {
    await writeFile(join(folder, 'file'), '');
    const path = join(folder, 'file/x.sock');
    expect(told(`unix:${path}`, await failureAt({ path }))).toContain(
      `${folder}/file is a file and no folder`,
    );
  });

  it('says that a file is in the way', async () => {
    const path = join(folder, 'x.sock');
    await writeFile(path, '');
    expect(told(`unix:${path}`, await failureAt({ path }))).toContain(
      'a file that is no socket has this path',
    );
  });

  it('says that the folder may not be written to', async () => {
    await mkdir(join(folder, 'closed'));
    expect(told(`unix:${folder}/closed/x.sock`, withCode('EACCES'))).toMatch(
      /the user of this process \(uid \d+\) may not make files in /,
    );
    expect(told(`unix:${folder}/closed/x.sock`, withCode('EROFS'))).toContain('read-only file system');
  });
});
