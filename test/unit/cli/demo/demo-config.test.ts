import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { demoConfig } from '../../../../src/cli/demo/demo-config.ts';

let folder: string;
const occupants: Server[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'demo-config-test-'));
});

afterEach(async () => {
  for (const server of occupants.splice(0)) server.close();
  await rm(folder, { recursive: true, force: true });
});

async function occupy(host: string): Promise<number> {
  const server = createServer().listen(0, host);
  occupants.push(server);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Taken once and free again. */
async function free(): Promise<number> {
  const port = await occupy('127.0.0.1');
  const server = occupants.pop();
  server?.close();
  if (server !== undefined) await once(server, 'close');
  return port;
}

async function original(proxy: number, backends: readonly number[]): Promise<URL> {
  const file = join(folder, 'balance.yaml');
  const lines = backends.map((port) => `  - address: 'localhost:${port}'`);
  await writeFile(
    file,
    `# yaml-language-server: $schema=../schemas/editor.schema.json\nlisten: ':${proxy}'\nbackends:\n${lines.join('\n')}\n`,
  );
  return pathToFileURL(file);
}

describe('the config of the demo', () => {
  it('is the file that comes along while its ports are free', async () => {
    const [proxy, backend] = [await free(), await free()];
    const file = await original(proxy, [backend]);
    const config = await demoConfig(file, [proxy], [backend]);
    expect(config.file).toBe(join(folder, 'balance.yaml'));
    expect(config.backendPorts).toEqual([backend]);
    expect(config.moved.size).toBe(0);
    await config.remove();
    expect(existsSync(config.file)).toBe(true);
  });

  it('is a copy with other ports where some are taken, on whatever address', async () => {
    const [proxy, first, second] = [await occupy('127.0.0.1'), await occupy('0.0.0.0'), await free()];
    const file = await original(proxy, [first, second]);
    const before = await readFile(file, 'utf8');
    const config = await demoConfig(file, [proxy], [first, second]);
    const [newProxy, newFirst] = [config.moved.get(proxy), config.moved.get(first)];
    expect([...config.moved.keys()]).toEqual([proxy, first]);
    expect(config.backendPorts).toEqual([newFirst, second]);
    expect(new Set([proxy, first, second, newProxy, newFirst]).size).toBe(5);
    const copy = await readFile(config.file, 'utf8');
    expect(copy).toContain(`listen: ':${newProxy}'`);
    expect(copy).toContain(`  - address: 'localhost:${newFirst}'\n  - address: 'localhost:${second}'\n`);
    // The comment that names the schema for editors still leads to it.
    expect(copy).toContain('/schemas/editor.schema.json\n');
    expect(copy).not.toContain('$schema=../');
    expect(await readFile(file, 'utf8')).toBe(before);
    await config.remove();
    expect(existsSync(config.file)).toBe(false);
  });

  it('leaves a port alone that the file does not name any more', async () => {
    const [taken, proxy, backend] = [await occupy('127.0.0.1'), await free(), await free()];
    const config = await demoConfig(await original(proxy, [backend]), [taken], [backend]);
    expect(config.moved.size).toBe(0);
  });
});
