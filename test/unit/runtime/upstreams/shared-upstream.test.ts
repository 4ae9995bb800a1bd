import { describe, expect, it } from 'vitest';

import type { BalanceError } from '../../../../src/errors.ts';
import type { BackendConfig } from '../../../../src/config/schema/config.generated.ts';
import type { Lease, LeaseRequest } from '../../../../src/plugin-api/index.ts';
import type { SharedUpstream } from '../../../../src/runtime/upstreams/shared-upstream.ts';
import { TimeSlicer } from '../../../../src/time/time-slicer.ts';
import { Asker } from '../../../support/labs/group-lab.ts';
import { backendConfig, sharedUpstreamLab } from '../../../support/labs/shared-upstream-lab.ts';
import { owned } from '../../../support/owned.ts';
import { RecordingBackend } from '../../../support/peers/recording-backend.ts';
import { SeededRandom } from '../../../support/seeded-random.ts';
import { eventually } from '../../../support/time/eventually.ts';

/** Backends that send back each byte, as a source names them. */
async function echoes(count: number): Promise<{ servers: RecordingBackend[]; listed: BackendConfig[] }> {
  const servers: RecordingBackend[] = [];
  for (let made = 0; made < count; made++) {
    const server = await RecordingBackend.start(async (connection) => {
      const isOver = (): boolean => connection.ending !== undefined;
      for (let sent = 0; !isOver(); sent++) {
        await connection.until(() => connection.received.length > sent || isOver(), 'a byte');
        if (!isOver()) connection.send('x');
      }
      connection.end();
    });
    servers.push(owned(server));
  }
  return { servers, listed: servers.map(({ address }, number) => backendConfig(number, address)) };
}

/** Sends a byte over a lease and waits for one back, again and again. */
class Client implements LeaseRequest {
  readonly fresh = false;
  readonly key = undefined;
  /** The backends that answered, in their order. */
  readonly answeredBy: string[] = [];
  readonly errors: string[] = [];
  readonly #upstream: SharedUpstream;
  #lease: Lease | undefined;
  #left = 0;
  #done: (() => void) | undefined;

  constructor(upstream: SharedUpstream) {
    this.#upstream = upstream;
  }

  run(exchanges: number): Promise<void> {
    this.#left = exchanges;
    return new Promise((resolve) => {
      this.#done = resolve;
      this.#next();
    });
  }

  leased(lease: Lease): void {
    this.#lease = lease;
    const failed = (): void => {
      this.#failed(lease);
    };
    lease.channel.read({
      data: () => this.#answered(lease),
      end: failed,
      closed: failed,
      drained: () => undefined,
    });
    lease.channel.writeText('x');
  }

  refused(error: BalanceError): void {
    this.errors.push(error.code);
    this.#next();
  }

  #answered(lease: Lease): void {
    this.#lease = undefined;
    this.answeredBy.push(lease.backend.name);
    lease.end(undefined, 200, Infinity);
    this.#next();
  }

  /** A channel that has ended its lease is closed too: that is no failure. */
  #failed(lease: Lease): void {
    if (this.#lease !== lease) return;
    this.#lease = undefined;
    this.errors.push('closed');
    this.#next();
  }

  #next(): void {
    this.#left -= 1;
    if (this.#left < 0) this.#done?.();
    else setImmediate(() => this.#upstream.group.acquire(this, 'keep-alive'));
  }
}

async function nextBackend(upstream: SharedUpstream): Promise<string | undefined> {
  const { lease } = await new Asker(upstream.group, 'keep-alive').answered();
  lease?.end(undefined, 200, Infinity);
  return lease?.backend.name;
}

describe('an upstream whose source of backends changes', () => {
  it('fails no exchange under load, and lets backends go that left, after their last lease', async () => {
    const { servers, listed } = await echoes(6);
    const { upstream, source, registry, logger } = await sharedUpstreamLab(listed.slice(0, 2));
    const clients = Array.from({ length: 8 }, () => new Client(upstream));
    const load = Promise.all(clients.map((client) => client.run(100)));
    const random = new SeededRandom(7);
    const running = { load: true };
    void load.then(() => (running.load = false));
    for (let change = 0; running.load; change++) {
      const chosen = listed.filter(() => random.next() < 0.5);
      source.change(
        (chosen.length === 0 ? listed.slice(0, 1) : chosen).map((backend) => ({
          ...backend,
          weight: 1 + (change % 3),
        })),
      );
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await load;
    expect(clients.flatMap(({ errors }) => errors)).toEqual([]);
    expect(new Set(clients.flatMap(({ answeredBy }) => answeredBy)).size).toBeGreaterThan(3);
    source.change(listed.slice(0, 1));
    await eventually(() => registry.backends().length === 1, 'only one backend is known');
    await eventually(
      () => servers.slice(1).every(({ open }) => open === 0),
      'the sockets of the others are closed',
    );
    expect(registry.sizes).toEqual({ backends: 1, pools: 1, monitors: 0 });
    expect(logger.lines.filter((line) => /^(?:warn|error)/.test(line))).toEqual([]);
  });

  it('lets an exchange end on a backend that left, and knows the backend until then', async () => {
    const { servers, listed } = await echoes(2);
    const { upstream, source, registry } = await sharedUpstreamLab(listed.slice(0, 1));
    const { lease } = await new Asker(upstream.group, 'keep-alive').answered();
    const { backend } = lease!;
    source.change(listed.slice(1));
    await eventually(() => upstream.members[0]?.backend.name === 'b1', 'the other one is a member');
    expect(upstream.group.takes(backend)).toBe(false);
    expect(registry.backends().map(({ name }) => name)).toEqual(['b0', 'b1']);
    lease!.channel.writeText('x');
    await eventually(() => servers[0]!.connections[0]?.received.length === 1, 'the byte came');
    expect(await nextBackend(upstream)).toBe('b1');
    lease!.end(undefined, 200, Infinity);
    expect(registry.backends().map(({ name }) => name)).toEqual(['b1']);
    await eventually(() => servers[0]!.open === 0, 'its socket is closed');
  });

  it('serves a lease that waits by a backend that came, and refuses one that nothing is left for', async () => {
    const { listed } = await echoes(2);
    const only = { ...listed[0]!, max_connections: 1 };
    const { upstream, source } = await sharedUpstreamLab([only]);
    const first = await new Asker(upstream.group, 'keep-alive').answered();
    const waiting = new Asker(upstream.group, 'keep-alive');
    expect(upstream.group.waiting).toBe(1);
    source.change([only, { ...listed[1]!, max_connections: 1 }]);
    expect((await waiting.answered()).lease?.backend.name).toBe('b1');
    const vain = new Asker(upstream.group, 'keep-alive');
    expect(upstream.group.waiting).toBe(1);
    source.change([]);
    expect((await vain.answered()).error?.code).toBe('no_backend');
    first.lease?.end(undefined, 200, Infinity);
  });

  it('goes on in its turns, and keeps the member objects of backends that stay as they are', async () => {
    const { listed } = await echoes(4);
    const { upstream, source } = await sharedUpstreamLab(listed.slice(0, 3));
    expect([await nextBackend(upstream), await nextBackend(upstream)]).toEqual(['b0', 'b1']);
    const [, , third] = upstream.members;
    source.change([...listed.slice(0, 1), ...listed.slice(2)]);
    await eventually(
      () => upstream.members.length === 3 && upstream.members[1] === third,
      'the change is made',
    );
    expect([await nextBackend(upstream), await nextBackend(upstream), await nextBackend(upstream)]).toEqual([
      'b2',
      'b3',
      'b0',
    ]);
  });

  it('moves no key of a backend that stays when it hashes', async () => {
    const { listed } = await echoes(4);
    const { upstream, source } = await sharedUpstreamLab(
      listed.slice(0, 3),
      'load_balancer: { algorithm: consistent-hash, hash_key: source-ip }',
    );
    const keys = Array.from({ length: 300 }, (_, at) => `key ${at}`);
    const ownerOf = (key: string): string => upstream.group.peek(key)?.backend.name ?? '';
    const before = new Map(keys.map((key) => [key, ownerOf(key)]));
    source.change([...listed.slice(0, 2), ...listed.slice(3)]);
    await eventually(
      () => upstream.members.some(({ backend }) => backend.name === 'b3'),
      'the change is made',
    );
    const moved = keys.filter((key) => before.get(key) !== ownerOf(key));
    expect(moved.every((key) => before.get(key) === 'b2' || ownerOf(key) === 'b3')).toBe(true);
    expect(moved.length).toBeGreaterThan(0);
  });

  it('makes changes that come while one is made as one, the last one', async () => {
    const { listed } = await echoes(3);
    const { upstream, source, registry } = await sharedUpstreamLab(listed.slice(0, 1));
    source.change(listed.slice(0, 2));
    source.change(listed.slice(1, 2));
    source.change(listed.slice(2));
    await eventually(() => upstream.members[0]?.backend.name === 'b2', 'the last change is made');
    expect(registry.backends().map(({ name }) => name)).toEqual(['b2']);
  });

  it('keeps its backends when a source gives one that can not be used', async () => {
    const { listed } = await echoes(1);
    const { upstream, source, registry, logger } = await sharedUpstreamLab(listed);
    source.change([...listed, backendConfig(1, 'no address')]);
    await eventually(() => logger.lines.some((line) => line.startsWith('error')), 'the fault is logged');
    expect(upstream.members).toHaveLength(1);
    expect(registry.sizes).toEqual({ backends: 1, pools: 1, monitors: 0 });
    expect(await nextBackend(upstream)).toBe('b0');
  });

  it('follows its source no more once an edit has taken it away', async () => {
    const { listed } = await echoes(2);
    const { upstream, source, registry } = await sharedUpstreamLab(listed.slice(0, 1));
    source.change(listed);
    await upstream.drain(new TimeSlicer());
    expect(source.followers).toBe(0);
    await new Promise((resolve) => setImmediate(resolve));
    upstream.release();
    expect(registry.sizes).toEqual({ backends: 0, pools: 0, monitors: 0 });
  });
});
