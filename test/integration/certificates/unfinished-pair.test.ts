import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import type { LabProxy } from '../../support/labs/lab-proxy.ts';
import { askAdmin } from '../../support/peers/admin-client.ts';
import { eventually } from '../../support/time/eventually.ts';
import {
  countLogged,
  NOT_YET,
  REFUSED,
  renewed,
  serialOf,
  shownSerial,
  siteProxy,
  untilShown,
} from './live-site.ts';

const cert = (proxy: LabProxy): string => join(proxy.directory, 'a.crt');
const key = (proxy: LabProxy): string => join(proxy.directory, 'a.key');

/** How often an error was logged, and how often it was put off. */
async function counts(proxy: LabProxy): Promise<readonly [number, number]> {
  return [await countLogged(proxy, REFUSED), await countLogged(proxy, NOT_YET)];
}

describe('a certificate and its key that are written one after the other', () => {
  it('go live without an error in between', async () => {
    const { proxy } = await siteProxy(renewed());
    const next = renewed();
    await writeFile(cert(proxy), next.chain);
    await proxy.untilLogged(NOT_YET);
    await writeFile(key(proxy), next.key);
    await untilShown(proxy, next);
    expect(await countLogged(proxy, REFUSED)).toBe(0);
  });

  it('may be written in pieces', async () => {
    const { proxy } = await siteProxy(renewed());
    const next = renewed();
    await writeFile(key(proxy), next.key.slice(0, 40));
    await proxy.untilLogged(NOT_YET);
    await writeFile(key(proxy), next.key);
    await eventually(async () => (await countLogged(proxy, NOT_YET)) >= 2, 'it is tried again');
    await writeFile(cert(proxy), next.chain);
    await untilShown(proxy, next);
    expect(await countLogged(proxy, REFUSED)).toBe(0);
  });

  it('are refused once, with the place, when they do not fit after a while', async () => {
    const first = renewed();
    const { proxy } = await siteProxy(first);
    await writeFile(cert(proxy), renewed().chain);
    const line = await proxy.untilLogged(REFUSED);
    expect(line).toMatch(/balance\.yaml:3:\d+ tls\.key_file names the file .{0,2}a\.key.*does not belong to/);
    expect(line).toContain('source=file');
    expect(await shownSerial(proxy)).toBe(serialOf(first));
    expect(await counts(proxy)).toEqual([1, 1]);
    const next = renewed();
    await writeFile(cert(proxy), next.chain);
    await writeFile(key(proxy), next.key);
    await untilShown(proxy, next);
    expect(await countLogged(proxy, REFUSED)).toBe(1);
  });

  it('keep no edit of the config itself waiting for its answer', async () => {
    const { proxy } = await siteProxy(renewed());
    await writeFile(cert(proxy), renewed().chain);
    await proxy.untilLogged(NOT_YET);
    await appendFile(proxy.configFile, '# an edit\n');
    await proxy.untilLogged(REFUSED);
    expect(await counts(proxy)).toEqual([1, 1]);
  });

  it('are told at once to those who ask for a reload', async () => {
    const { proxy } = await siteProxy(renewed());
    await writeFile(cert(proxy), renewed().chain);
    await proxy.untilLogged(NOT_YET);
    const { status, body } = await askAdmin(proxy.adminAddress, '/reload', { method: 'POST' });
    expect(status).toBe(422);
    expect(body).toContain('does not belong to');
    expect(await proxy.untilLogged(REFUSED)).toContain('source=admin');
    expect(await counts(proxy)).toEqual([1, 1]);
  });
});
