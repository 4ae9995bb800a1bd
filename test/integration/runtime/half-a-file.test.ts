import { describe, expect, it } from 'vitest';

import { backend } from '../../support/peers/backends.ts';
import { client } from '../../support/peers/clients.ts';
import { get, named } from '../../support/peers/http-talk.ts';
import { labProxy } from '../../support/labs/lab-proxy.ts';

const HEAD = `admin: { listen: '127.0.0.1:0' }\nreload: { watch: false }\nlisten: '127.0.0.1:0'\n`;

describe('a config that is cut off behind its first sections', () => {
  it('is refused, while one that serves nothing on purpose is not', async () => {
    const one = await backend(named('one'));
    const proxy = await labProxy(`${HEAD}backends: [{ address: '${one.address}' }]\n`);
    const { ok, message, problems } = await proxy.edit(HEAD);
    expect([ok, problems.length]).toEqual([false, 1]);
    expect(message).toMatch(
      /balance\.yaml:1:1 .*is it only the beginning of a file\? Write `backends: \[\]`/,
    );
    expect((await get(await client(proxy.address()))).body).toBe('one');
    await proxy.change(`${HEAD}backends: []\n`);
    expect((await get(await client(proxy.address()))).status).toBe(503);
    await proxy.change(`${HEAD}backends: [{ address: '${one.address}' }]\n`);
    expect((await get(await client(proxy.address()))).body).toBe('one');
  });
});
