import { once } from 'node:events';
import { link, mkdir, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import { get } from 'node:https';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import type { IssuedCertificate } from '../../support/certificates.ts';
import { labProxy } from '../../support/labs/lab-proxy.ts';
import { owned } from '../../support/owned.ts';
import { askAdmin } from '../../support/peers/admin-client.ts';
import { backend } from '../../support/peers/backends.ts';
import { named } from '../../support/peers/http-talk.ts';
import {
  CA,
  countLogged,
  PAIR,
  REFUSED,
  renewed,
  serialOf,
  shakeHands,
  shownSerial,
  siteProxy,
  siteYaml,
  untilShown,
} from './live-site.ts';

async function writePair(directory: string, { chain, key }: IssuedCertificate): Promise<void> {
  await writeFile(join(directory, 'a.key'), key);
  await writeFile(join(directory, 'a.crt'), chain);
}

describe('a renewed certificate goes live when it is', () => {
  it('written in place', async () => {
    const { proxy } = await siteProxy(renewed());
    for (const next of [renewed(), renewed()]) {
      await writePair(proxy.directory, next);
      await untilShown(proxy, next);
    }
    expect(await countLogged(proxy, REFUSED)).toBe(0);
  });

  it('linked anew, link by link, as certbot does', async () => {
    const { address } = await backend(named('hello'));
    const [first, next] = [renewed(), renewed()];
    const files = Object.fromEntries(
      [first, next].flatMap(({ chain, key }, index) => [
        [`archive/a.test/fullchain${index + 1}.pem`, chain],
        [`archive/a.test/privkey${index + 1}.pem`, key],
      ]),
    );
    const pair = 'cert_file: live/a.test/fullchain.pem, key_file: live/a.test/privkey.pem';
    const bare = siteYaml(address, PAIR);
    const proxy = await labProxy(bare, { ...files, 'a.crt': first.chain, 'a.key': first.key });
    const live = join(proxy.directory, 'live/a.test');
    await mkdir(live, { recursive: true });
    const point = async (name: string, version: number): Promise<void> => {
      await unlink(join(live, `${name}.pem`)).catch(() => undefined);
      await symlink(`../../archive/a.test/${name}${version}.pem`, join(live, `${name}.pem`));
    };
    for (const name of ['privkey', 'fullchain']) await point(name, 1);
    await proxy.change(siteYaml(address, pair));
    for (const name of ['privkey', 'fullchain']) await point(name, 2);
    await untilShown(proxy, next);
    expect(await countLogged(proxy, REFUSED)).toBe(0);
  });

  it('mounted anew, as Kubernetes does with a Secret', async () => {
    const { address } = await backend(named('hello'));
    const first = renewed();
    const proxy = await labProxy(siteYaml(address, PAIR), { 'a.crt': first.chain, 'a.key': first.key });
    const mount = join(proxy.directory, 'mount');
    const put = async (version: number, { chain, key }: IssuedCertificate): Promise<void> => {
      await mkdir(join(mount, `..v${version}`), { recursive: true });
      await writeFile(join(mount, `..v${version}`, 'tls.crt'), chain);
      await writeFile(join(mount, `..v${version}`, 'tls.key'), key);
      await symlink(`..v${version}`, join(mount, '..data_tmp'));
      await rename(join(mount, '..data_tmp'), join(mount, '..data'));
      await rm(join(mount, `..v${version - 1}`), { recursive: true, force: true });
    };
    await put(1, first);
    for (const name of ['tls.crt', 'tls.key']) await symlink(join('..data', name), join(mount, name));
    await proxy.change(siteYaml(address, 'cert_file: mount/tls.crt, key_file: mount/tls.key'));
    for (const version of [2, 3]) {
      const next = renewed();
      await put(version, next);
      await untilShown(proxy, next);
    }
    expect(await countLogged(proxy, REFUSED)).toBe(0);
  });

  it('written where no event tells of it, as on a bind mount', async () => {
    const { address } = await backend(named('hello'));
    const [first, next] = [renewed(), renewed()];
    const yaml = siteYaml(address, PAIR).replace('10m', '100ms');
    const proxy = await labProxy(yaml, { 'a.crt': first.chain, 'a.key': first.key });
    const outside = join(proxy.directory, 'outside');
    await mkdir(outside);
    for (const name of ['a.crt', 'a.key']) await link(join(proxy.directory, name), join(outside, name));
    await writePair(outside, next);
    await untilShown(proxy, next);
  });
});

describe('a renewed certificate', () => {
  it('stays when the config goes back to the one before', async () => {
    const { proxy, yaml } = await siteProxy(renewed());
    await proxy.change(yaml.replace('level: debug', 'level: info'));
    const next = renewed();
    await writePair(proxy.directory, next);
    await untilShown(proxy, next);
    for (const id of [2, 1]) {
      const answer = await askAdmin(proxy.adminAddress, `/config/rollback`, {
        method: 'POST',
        body: JSON.stringify({ id }),
      });
      expect(answer.status, answer.body).toBe(200);
      expect(await shownSerial(proxy)).toBe(serialOf(next));
    }
  });

  it('leaves connections and a download alone, and sessions go on', async () => {
    const first = renewed();
    const responses: ServerResponse[] = [];
    const server = createServer((_request, response) => {
      responses.push(response);
      response.write('begun ');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    owned({
      close: () => {
        server.closeAllConnections();
        server.close();
      },
    });
    const { port } = server.address() as { port: number };
    const yaml = siteYaml(`127.0.0.1:${port}`, PAIR);
    const proxy = await labProxy(yaml, { 'a.crt': first.chain, 'a.key': first.key });
    const [host, listening] = proxy.address().split(':');
    const download = get({ host, port: listening, servername: 'a.test', ca: CA.cert, agent: false });
    const [response] = (await once(download, 'response')) as [NodeJS.ReadableStream];
    let text = '';
    response.setEncoding('utf8').on('data', (part: string) => (text += part));
    const idle = await shakeHands(proxy);
    owned({ close: () => idle.destroy() });
    const [session] = (await once(idle, 'session')) as [Buffer];

    const next = renewed();
    await writePair(proxy.directory, next);
    await untilShown(proxy, next);

    const again = await shakeHands(proxy, session);
    expect(again.isSessionReused()).toBe(true);
    again.destroy();
    responses[0]?.end('ended');
    await once(response, 'end');
    expect(text).toBe('begun ended');
    idle.write('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n');
    const [answer] = (await once(idle, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 /);
  });
});
