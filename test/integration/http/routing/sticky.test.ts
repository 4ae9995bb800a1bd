import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { labProxy, type LabProxy } from '../../../support/labs/lab-proxy.ts';
import { answering, ok } from '../../../support/peers/answering.ts';
import { backend } from '../../../support/peers/backends.ts';
import { client } from '../../../support/peers/clients.ts';
import { fieldValues, type Message } from '../../../support/peers/http-message.ts';
import { get, type Answer } from '../../../support/peers/http-talk.ts';
import type { RecordingBackend } from '../../../support/peers/recording-backend.ts';

/** An application that keeps its sessions in memory: who logged in elsewhere is a stranger here. */
class Application {
  readonly name: string;
  readonly seen: Message[] = [];
  readonly #sessions = new Set<string>();
  #backend: RecordingBackend;

  private constructor(name: string, backend: RecordingBackend) {
    this.name = name;
    this.#backend = backend;
  }

  static async start(name: string): Promise<Application> {
    const app: Application = new Application(
      name,
      await backend((connection, number) => app.#script(connection, number)),
    );
    return app;
  }

  get address(): string {
    return this.#backend.address;
  }

  readonly #script = answering((request) => {
    const sid = /(?:^|; )sid=(\w+)/.exec(fieldValues(request, 'cookie').join('; '))?.[1];
    if (sid !== undefined) return ok(this.#sessions.has(sid) ? `${this.name} ${sid}` : 'stranger');
    const own = `${this.name}${String(this.#sessions.size)}`;
    this.#sessions.add(own);
    return ok(`${this.name} ${own}`, `Set-Cookie: sid=${own}\r\n`);
  }, this.seen);
}

/** A client with cookies. */
class Jar {
  readonly cookies = new Map<string, string>();

  async get(proxy: LabProxy): Promise<Answer> {
    const socket = await client(proxy.address());
    const cookies = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await get(socket, '/', cookies === '' ? '' : `Cookie: ${cookies}\r\n`);
    for (const line of fieldValues(answer.message, 'set-cookie')) {
      const [pair = ''] = line.split(';');
      this.cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
    socket.end();
    return answer;
  }
}

function yaml(
  backends: readonly string[],
  more = 'sticky: { name: node, secret: 0123456789abcdef }',
): string {
  return `listen: "127.0.0.1:0"\nbackends:\n${backends.map((one) => `  - ${one}\n`).join('')}${more}\n`;
}

async function twoApplications(): Promise<readonly [Application, Application]> {
  return [await Application.start('a'), await Application.start('b')];
}

function listed({ name, address }: Application, more = ''): string {
  return `{ name: ${name}, address: "${address}"${more} }`;
}

async function loggedIn(proxy: LabProxy, count: number): Promise<{ jar: Jar; home: string }[]> {
  const jars: { jar: Jar; home: string }[] = [];
  for (let at = 0; at < count; at++) {
    const jar = new Jar();
    jars.push({ jar, home: (await jar.get(proxy)).body });
  }
  return jars;
}

async function expectAtHome(proxy: LabProxy, jars: readonly { jar: Jar; home: string }[]): Promise<void> {
  for (const { jar, home } of jars) {
    const answer = await jar.get(proxy);
    expect(answer.body).toBe(home);
    expect(fieldValues(answer.message, 'set-cookie')).toEqual([]);
  }
}

describe('a sticky cookie', () => {
  it('keeps 20 clients in their sessions over edits, and while their backend gets no new clients', async () => {
    const [a, b] = await twoApplications();
    const proxy = await labProxy(yaml([listed(a), listed(b)]));
    const jars = await loggedIn(proxy, 20);
    expect(new Set(jars.map(({ home }) => home[0]))).toEqual(new Set(['a', 'b']));
    await expectAtHome(proxy, jars);
    await proxy.change(yaml([listed(b, ', weight: 7'), listed(a)]));
    await expectAtHome(proxy, jars);
    const other = 'sticky: { name: node, secret: 0123456789abcdef }\nload_balancer: { algorithm: maglev }';
    await proxy.change(yaml([listed(a), listed(b)], other));
    await expectAtHome(proxy, jars);
    await proxy.change(yaml([listed(a, ', weight: 0'), listed(b)]));
    await expectAtHome(proxy, jars);
    for (const { home } of await loggedIn(proxy, 6)) expect(home[0]).toBe('b');
  });

  it('counts although the client has an old one of that name, too', async () => {
    const [a, b] = await twoApplications();
    const proxy = await labProxy(yaml([listed(a), listed(b)]));
    for (const { jar, home } of await loggedIn(proxy, 2)) {
      const cookies = [...jar.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const socket = await client(proxy.address());
      for (let turn = 0; turn < 3; turn++) {
        const answer = await get(socket, '/', `Cookie: node=v1.AAAAAAAAAAAAAAAAAAAAAA; ${cookies}\r\n`);
        expect(answer.body).toBe(home);
        expect(fieldValues(answer.message, 'set-cookie')).toEqual([]);
      }
      socket.end();
    }
    for (const { seen } of [a, b])
      expect(seen.flatMap((each) => fieldValues(each, 'cookie')).join()).not.toContain('node=');
  });

  it('is understood by another proxy with the same key, and by the next start', async () => {
    const [a, b] = await twoApplications();
    const config = yaml([listed(a), listed(b)]);
    const first = await labProxy(config);
    const jars = await loggedIn(first, 6);
    await expectAtHome(await labProxy(config), jars);
  });

  it('is replaced when its backend is gone, or is not known', async () => {
    const [a, b] = await twoApplications();
    const proxy = await labProxy(yaml([listed(a), listed(b)]));
    const jars = await loggedIn(proxy, 2);
    const lost = jars.find(({ home }) => home.startsWith('a'))!;
    const before = lost.jar.cookies.get('node');
    await proxy.change(yaml([listed(b)]));
    expect((await lost.jar.get(proxy)).body).toBe('stranger');
    expect(lost.jar.cookies.get('node')).not.toBe(before);
    const forger = new Jar();
    forger.cookies.set('node', 'v1.AAAAAAAAAAAAAAAAAAAAAA');
    await forger.get(proxy);
    expect(forger.cookies.get('node')).toBe(lost.jar.cookies.get('node'));
  });

  it('moves a client on when connecting to its backend fails', async () => {
    const [a, b] = await twoApplications();
    const proxy = await labProxy(yaml([listed(a), listed(b)]));
    const lost = (await loggedIn(proxy, 2)).find(({ home }) => home.startsWith('a'))!;
    const dead = await labProxy(yaml([`{ name: a, address: "127.0.0.1:1" }`, listed(b)]));
    expect((await lost.jar.get(dead)).body).toBe('stranger');
    const moved = lost.jar.cookies.get('node');
    await lost.jar.get(dead);
    expect(lost.jar.cookies.get('node')).toBe(moved);
  });

  it('has its attributes, is not passed on, and makes the response private', async () => {
    const [a] = await twoApplications();
    const settings =
      'sticky: { name: node, secret: 0123456789abcdef, path: /, domain: example.com, max_age: 90s, same_site: strict, secure: always }';
    const proxy = await labProxy(yaml([listed(a)], settings));
    const socket = await client(proxy.address());
    const first = await get(socket, '/', 'Cookie: sid=x\r\n');
    const [cookie = ''] = fieldValues(first.message, 'set-cookie');
    expect(cookie).toMatch(
      /^node=v1\.[\w-]{22}; Path=\/; Domain=example\.com; Max-Age=90; HttpOnly; SameSite=Strict; Secure$/,
    );
    expect(fieldValues(first.message, 'cache-control')).toEqual(['private']);
    const [pair] = cookie.split(';');
    const second = await get(socket, '/', `Cookie: sid=x; ${pair}; last=1\r\n`);
    expect(fieldValues(second.message, 'set-cookie')).toEqual([]);
    expect(fieldValues(second.message, 'cache-control')).toEqual([]);
    await get(socket, '/', `Cookie: ${pair}\r\n`);
    expect(a.seen.map((request) => fieldValues(request, 'cookie'))).toEqual([
      ['sid=x'],
      ['sid=x; last=1'],
      [],
    ]);
  });

  it('comes once over a connection that is kept for one client alone', async () => {
    const { address } = await backend(answering(() => ok('page')));
    const one = `{ name: a, address: "${address}" }`;
    const settings = 'sticky: { name: node, secret: 0123456789abcdef }\nlogging: { format: json }';
    const proxy = await labProxy(yaml([one], settings));
    const socket = await client(proxy.address());
    const lines = 'Authorization: NTLM TYPE1\r\n';
    const first = await get(socket, '/', lines);
    const [cookie = ''] = fieldValues(first.message, 'set-cookie');
    expect(cookie).toMatch(/^node=v1/);
    for (let time = 0; time < 3; time++) {
      const next = await get(socket, '/', `${lines}Cookie: ${cookie.split(';')[0]!}\r\n`);
      expect(fieldValues(next.message, 'set-cookie')).toEqual([]);
      expect(fieldValues(next.message, 'cache-control')).toEqual([]);
    }
    await proxy.untilLogged('"sticky":"kept"');
  });

  it('has a key of its own where the config gives none, and says that it gets lost', async () => {
    const [a, b] = await twoApplications();
    const proxy = await labProxy(yaml([listed(a), listed(b)], 'sticky: {}'));
    expect(await proxy.untilLogged('has no secret')).toContain('lost when the process ends');
    const jars = await loggedIn(proxy, 4);
    await proxy.change(yaml([listed(b), listed(a)], 'sticky: { same_site: strict }'));
    await expectAtHome(proxy, jars);
  });

  it('has a key that is kept with the history, so that the next start knows it', async () => {
    const [a, b] = await twoApplications();
    const directory = await mkdtemp(join(tmpdir(), 'balance-sticky-'));
    const settings = `sticky: {}\nreload: { history_dir: "${directory}/history" }`;
    const before = await labProxy(yaml([listed(a), listed(b)], settings));
    const jars = await loggedIn(before, 4);
    expect((await stat(join(directory, 'history', 'sticky.key'))).mode & 0o777).toBe(0o600);
    await before.app.close();
    await expectAtHome(await labProxy(yaml([listed(a), listed(b)], settings)), jars);
    await rm(directory, { recursive: true });
  });

  it('is refused where there are no cookies, or with two keys', async () => {
    const [a] = await twoApplications();
    await expect(labProxy(`mode: tcp\n${yaml([listed(a)])}`)).rejects.toThrow('sticky needs cookies');
    const twice = 'sticky: { secret: 0123456789abcdef, secret_file: key }';
    await expect(labProxy(yaml([listed(a)], twice), { key: 'x' })).rejects.toThrow('only one of them');
  });
});
