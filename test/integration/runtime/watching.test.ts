import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';

import { backend } from '../../support/peers/backends.ts';
import { client } from '../../support/peers/clients.ts';
import { deadAddress } from '../../support/addresses/dead-address.ts';
import { eventually } from '../../support/time/eventually.ts';
import { get, named } from '../../support/peers/http-talk.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';

const MAIN = `listen: '127.0.0.1:0'\nadmin: { listen: '127.0.0.1:0' }\nreload: { debounce: 20ms }\n`;

const to = (address: string): string => `backends: [{ address: '${address}' }]\n`;

async function generation(proxy: LabProxy, expected: number): Promise<void> {
  await eventually(
    async () => (await proxy.status())['generation'] === expected,
    `generation ${expected} is live`,
  );
}

describe('a running proxy', () => {
  it('follows the files that its config includes, and mistakes in them', async () => {
    const [a, b] = [await backend(named('a')), await backend(named('b'))];
    const proxy = await labProxy(`include: part-*.yaml\n${MAIN}`, { 'part-1.yaml': to(a.address) });
    const part = (name: string): string => join(proxy.directory, `part-${name}.yaml`);
    const socket = await client(proxy.address());
    expect((await get(socket)).body).toBe('a');
    await writeFile(part('2'), to(b.address));
    await generation(proxy, 2);
    expect([(await get(socket)).body, (await get(socket)).body].sort()).toEqual(['a', 'b']);
    await writeFile(part('1'), 'bakends: []\n');
    expect(await proxy.untilLogged('config not reloaded')).toMatch(/part-1\.yaml:1:1 bakends/);
    expect([(await get(socket)).body, (await get(socket)).body].sort()).toEqual(['a', 'b']);
    await rm(part('1'));
    await generation(proxy, 3);
    expect([(await get(socket)).body, (await get(socket)).body]).toEqual(['b', 'b']);
  });

  it('follows the page that an error is shown with', async () => {
    const pages = `http: { error_pages: [{ statuses: [502, 503], file: page.html }] }\n`;
    const proxy = await labProxy(MAIN + to(await deadAddress()) + pages, { 'page.html': 'before' });
    const socket = await client(proxy.address());
    expect((await get(socket)).body).toBe('before');
    await writeFile(join(proxy.directory, 'page.html'), 'after');
    await generation(proxy, 2);
    expect((await get(await client(proxy.address()))).body).toBe('after');
    expect(await proxy.untilLogged('config reloaded')).toContain('file page.html changed');
  });

  it('follows a mounted ConfigMap, and no request of a kept connection fails meanwhile', async () => {
    const servers = await Promise.all(['a', 'b', 'c'].map((name) => backend(named(name))));
    const proxy = await labProxy(`include: mount/*.yaml\n${MAIN}`, {});
    const mount = join(proxy.directory, 'mount');
    const put = async (version: number): Promise<void> => {
      await mkdir(join(mount, `..v${version}`), { recursive: true });
      await writeFile(join(mount, `..v${version}`, 'backends.yaml'), to(servers[version]!.address));
      await symlink(`..v${version}`, join(mount, '..data_tmp'));
      await rename(join(mount, '..data_tmp'), join(mount, '..data'));
    };
    await put(0);
    await symlink(join('..data', 'backends.yaml'), join(mount, 'backends.yaml'));
    await generation(proxy, 2);
    const load = { goesOn: true, statuses: new Set<number>() };
    onTestFinished(() => void (load.goesOn = false));
    const traffic = (async () => {
      const socket = await client(proxy.address());
      while (load.goesOn) load.statuses.add((await get(socket)).status);
    })();
    for (const version of [1, 2]) {
      await put(version);
      await rm(join(mount, `..v${version - 1}`), { recursive: true });
      await generation(proxy, version + 2);
    }
    load.goesOn = false;
    await traffic;
    expect([...load.statuses]).toEqual([200]);
    expect((await get(await client(proxy.address()))).body).toBe('c');
  });

  it('reloads once for a burst of saves, and not at all for what changes nothing', async () => {
    const [a, b] = [await backend(named('a')), await backend(named('b'))];
    const proxy = await labProxy(`include: part.yaml\n${MAIN.replace('20ms', '300ms')}`, {
      'part.yaml': to(a.address),
    });
    const save = async (text: string): Promise<void> => {
      await writeFile(join(proxy.directory, 'part.yaml.tmp'), text);
      await rename(join(proxy.directory, 'part.yaml.tmp'), join(proxy.directory, 'part.yaml'));
    };
    for (let round = 0; round < 20; round += 1) await save(`# ${round}\n${to(b.address)}`);
    await generation(proxy, 2);
    await save(`# 19\n${to(b.address)}`);
    await save(`# 19\n${to(b.address)}`);
    await save(to(a.address));
    await generation(proxy, 3);
    await eventually(
      async () => (await proxy.log()).match(/config reloaded/g)?.length === 2,
      'two reloads are logged',
    );
    expect(await proxy.status()).toMatchObject({ generation: 3 });
  });
});
