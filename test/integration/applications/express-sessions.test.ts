import { describe, expect, it } from 'vitest';

import { Application } from '../../support/applications/application.ts';
import { CookieJar, type SessionAnswer } from '../../support/applications/cookie-jar.ts';
import { buildProgram } from '../../support/labs/built-program.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { eventually } from '../../support/time/eventually.ts';

const CLIENTS = 20;

/** Somebody who is logged in at one of the applications. */
interface User {
  readonly name: string;
  readonly jar: CookieJar;
  node: string;
  visits: number;
}

/** Two processes of one application behind a proxy with a sticky cookie. */
class Scene {
  readonly one: Application;
  readonly two: Application;
  readonly #workers: number;
  #proxy: LabProxy | undefined;

  private constructor(workers: number, one: Application, two: Application) {
    this.#workers = workers;
    this.one = one;
    this.two = two;
  }

  static async begin(workers: number): Promise<Scene> {
    const [one, two] = await Promise.all(
      ['one', 'two'].map((name) => Application.start(name, 'session-application.mjs')),
    );
    const scene = new Scene(workers, one!, two!);
    scene.#proxy = await labProxy(scene.yaml());
    return scene;
  }

  get proxy(): LabProxy {
    return this.#proxy!;
  }

  /** @param backends in the file, from the first to the last */
  yaml(backends: readonly string[] = [this.backend('one'), this.backend('two')], more = ''): string {
    return `
workers: ${String(this.#workers)}
listen: "127.0.0.1:0"
admin: { listen: "127.0.0.1:0" }
reload: { watch: false }
backends:
${backends.map((backend) => `  - ${backend}`).join('\n')}
sticky: { name: node, secret: 0123456789abcdef }
${more}
`;
  }

  backend(which: 'one' | 'two', more = ''): string {
    return `{ name: ${which}, address: "${this[which].address}"${more} }`;
  }

  get url(): string {
    return `http://${this.proxy.address()}`;
  }

  /** @param prefix of their names */
  async logIn(prefix: string, count = CLIENTS): Promise<User[]> {
    const users: User[] = [];
    for (let at = 0; at < count; at++) users.push(await this.#loggedIn(`${prefix}${String(at)}`));
    return users;
  }

  async #loggedIn(name: string): Promise<User> {
    const jar = new CookieJar();
    const { status, node } = await jar.ask(`${this.url}/login/${name}`, 'POST');
    expect(status).toBe(200);
    return { name, jar, node, visits: 0 };
  }

  /** All of them are who they were, where they were. */
  async expectAtHome(users: readonly User[]): Promise<void> {
    for (const user of users) {
      user.visits += 1;
      const expected: SessionAnswer = {
        status: 200,
        node: user.node,
        user: user.name,
        visits: user.visits,
      };
      expect(await user.jar.ask(this.url)).toEqual(expected);
    }
  }

  async set(backend: string, verb: string): Promise<void> {
    const response = await fetch(`http://${this.proxy.adminAddress}/backends/${backend}/${verb}`, {
      method: 'POST',
    });
    expect(response.status).toBe(200);
  }

  /** Waits until all workers send new clients to these alone. */
  async untilNewOnesGoTo(...nodes: readonly string[]): Promise<void> {
    await eventually(
      async () => nodesOf(await this.logIn('probe', 8)).join() === nodes.join(),
      `new clients go to ${nodes.join(' and ')}`,
    );
  }
}

function nodesOf(users: readonly User[]): string[] {
  return [...new Set(users.map(({ node }) => node))].sort();
}

buildProgram();

describe.each([1, 2])('sessions of express applications, with %i workers', (workers) => {
  it('go on over edits that are not about their backends', async () => {
    const scene = await Scene.begin(workers);
    const [one, two] = [scene.backend('one'), scene.backend('two')];
    const spare = (name: string): string => `{ name: ${name}, address: "${scene.two.address}", weight: 0 }`;
    const users = await scene.logIn('user');
    expect(nodesOf(users)).toEqual(['one', 'two']);
    await scene.expectAtHome(users);
    const edits = {
      unrelated: scene.yaml([one, two], 'queue: { max_size: 77 }'),
      weights: scene.yaml([scene.backend('one', ', weight: 9'), scene.backend('two', ', weight: 2')]),
      reorder: scene.yaml([two, one]),
      'another backend': scene.yaml([spare('three'), two, one]),
      'rename of another backend': scene.yaml([spare('four'), two, one]),
      algorithm: scene.yaml([one, two], 'load_balancer: { algorithm: least-connections }'),
    };
    for (const edit of Object.values(edits)) {
      await scene.proxy.change(edit);
      await scene.expectAtHome(users);
    }
  });

  it('go on while their backend drains, which gets no new ones', async () => {
    const scene = await Scene.begin(workers);
    const users = await scene.logIn('user');
    await scene.set('one', 'drain');
    await scene.untilNewOnesGoTo('two');
    await scene.expectAtHome(users);
    expect(nodesOf(await scene.logIn('late'))).toEqual(['two']);
    await scene.set('one', 'enable');
    await scene.untilNewOnesGoTo('one', 'two');
    await scene.expectAtHome(users);
  });

  it('begin anew elsewhere when their backend dies, and stay there when it is back', async () => {
    const scene = await Scene.begin(workers);
    const users = await scene.logIn('user');
    const [lost, others] = [
      users.filter(({ node }) => node === 'one'),
      users.filter(({ node }) => node === 'two'),
    ];
    expect(lost.length).toBeGreaterThan(0);
    await scene.one.kill();
    for (const user of lost) {
      expect(await user.jar.ask(scene.url)).toEqual({ status: 401, node: 'two' });
      user.node = (await user.jar.ask(`${scene.url}/login/${user.name}`, 'POST')).node;
      user.visits = 0;
    }
    expect(nodesOf(lost)).toEqual(['two']);
    await scene.expectAtHome(users);
    await scene.one.revive();
    await scene.untilNewOnesGoTo('one', 'two');
    await scene.expectAtHome([...lost, ...others]);
    const late = await scene.logIn('late');
    expect(nodesOf(late)).toEqual(['one', 'two']);
    await scene.expectAtHome(late);
  });

  it('are lost, for some, with a hash of the cookie of the application: it is not there yet when they begin', async () => {
    const scene = await Scene.begin(workers);
    const hashed = 'load_balancer: { algorithm: maglev, hash_key: "cookie:sid" }';
    await scene.proxy.change(
      scene.yaml(undefined, hashed).replace('sticky:', 'sticky: { enabled: false }\n#'),
    );
    const users = await scene.logIn('user');
    const first = await Promise.all(users.map(({ jar }) => jar.ask(scene.url)));
    // What was lost once is lost again: the same value leads to the same backend, and no other cookie was set.
    const second = await Promise.all(users.map(({ jar }) => jar.ask(scene.url)));
    expect(second.map(({ node }) => node)).toEqual(first.map(({ node }) => node));
    expect(new Set(first.map(({ status }) => status))).toEqual(new Set([200, 401]));
    expect([...users[0]!.jar.cookies.keys()]).toEqual(['sid']);
  });

  it('are lost without the sticky cookie', async () => {
    const scene = await Scene.begin(workers);
    await scene.proxy.change(scene.yaml().replace('sticky:', 'sticky: { enabled: false }\n#'));
    const [user] = await scene.logIn('user', 1);
    const statuses = new Set<number>();
    for (let time = 0; time < 4; time++) statuses.add((await user!.jar.ask(scene.url)).status);
    expect([...statuses].sort()).toEqual([200, 401]);
  });
});
