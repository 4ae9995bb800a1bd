import { describe, expect, it } from 'vitest';

import { buildProgram } from '../../support/labs/built-program.ts';
import { ask } from '../../support/labs/say-plugin.ts';
import { client } from '../../support/peers/clients.ts';
import { eventually } from '../../support/time/eventually.ts';
import { writeInto } from '../../support/write-into.ts';
import { connectionAt, hold, marks, oddConfig, oddProxy } from '../../support/workers/odd-plugin.ts';

buildProgram();

/** The rows of `/status` about workers. */
async function workersOf(proxy: Awaited<ReturnType<typeof oddProxy>>) {
  return (await proxy.status())['workers'] as Record<string, unknown>[];
}

describe('a worker that ends', () => {
  it('takes its own connections with it and no others, and is replaced', async () => {
    const proxy = await oddProxy('mark: a');
    const lost = [await connectionAt(proxy, 2), await connectionAt(proxy, 2)];
    const kept = await connectionAt(proxy, 1);
    lost[0]?.send('exit');
    for (const socket of lost) await socket.untilEnded();
    expect(await ask(kept, 'who')).toBe('1:a;');
    const line = await proxy.untilLogged('worker ended, another one takes its place');
    expect(line).toContain('worker=2 reason=exit error="it ended with exit code 7"');
    await proxy.untilLogged('worker serves again');
    expect(await marks(proxy)).toEqual({ '1': 'a', '2': 'a' });
    expect(await ask(kept, 'who')).toBe('1:a;');
    const [first, second] = await workersOf(proxy);
    expect(first).toMatchObject({ worker: 1, restarts: 0, last_end: null });
    expect(second).toMatchObject({ worker: 2, state: 'serving', restarts: 1, generation: 1 });
    expect(second?.['last_end']).toMatchObject({ reason: 'exit', message: 'it ended with exit code 7' });
  });

  it('is replaced by one with the config that is live now', async () => {
    const proxy = await oddProxy('mark: a');
    await proxy.change(oddConfig('mark: b'));
    (await connectionAt(proxy, 1)).send('exit');
    await proxy.untilLogged('worker serves again');
    expect(await marks(proxy)).toEqual({ '1': 'b', '2': 'b' });
    await proxy.change(oddConfig('mark: c'));
    expect(await marks(proxy)).toEqual({ '1': 'c', '2': 'c' });
  });

  it('leaves who waits to be accepted to the others, and to its replacement', async () => {
    const proxy = await oddProxy('mark: a');
    // All workers end at the same time: nobody accepts, and the queue waits.
    const ends = [await connectionAt(proxy, 1), await connectionAt(proxy, 2)];
    for (const socket of ends) socket.send('exit');
    for (const socket of ends) await socket.untilEnded();
    const waiting = await Promise.all(Array.from({ length: 30 }, () => client(proxy.address())));
    const answers = await Promise.all(waiting.map((socket) => ask(socket, 'who')));
    expect(answers.every((answer) => answer.endsWith(':a;'))).toBe(true);
  });

  it('that throws only logs it', async () => {
    const proxy = await oddProxy('mark: a');
    const socket = await connectionAt(proxy, 2);
    await ask(socket, 'throw');
    expect(await proxy.untilLogged('plugin failed in a timer')).toContain('thrown in a timer');
    expect(await ask(socket, 'who')).toBe('2:a;');
    expect((await workersOf(proxy)).map(({ restarts }) => restarts)).toEqual([0, 0]);
  });

  it('again and again waits longer, and is told loudly', async () => {
    const proxy = await oddProxy('mark: a');
    for (let end = 1; end <= 3; end += 1) {
      const socket = await connectionAt(proxy, (end % 2) + 1);
      socket.send('exit');
      await socket.untilEnded();
      await eventually(
        async () => (await proxy.log()).split('worker serves again').length > end,
        'it was replaced',
      );
    }
    expect(await proxy.untilLogged('workers crash again and again')).toContain('ends=3');
    const waits = (await proxy.log())
      .match(/worker ended.* starts_in=\S+/g)
      ?.map((line) => line.split('=').at(-1));
    expect(waits).toEqual(['0ms', '0ms', '1s']);
  });
});

describe('the end of a proxy with workers', () => {
  it('lets what runs finish, and names what it waits for', async () => {
    const proxy = await oddProxy('mark: a', 'shutdown: { timeout: 20s }');
    const sockets = [await connectionAt(proxy, 1), await connectionAt(proxy, 2)];
    const closed = proxy.app.close();
    for (const socket of sockets) {
      await socket.untilEnded();
      socket.end();
    }
    await closed;
    expect(await proxy.log()).toContain('stopped');
    await expect(client(proxy.app.listeners.get('one') ?? '127.0.0.1:1')).rejects.toThrow();
  });

  it('is told as no trouble of the workers, however many end then', async () => {
    const proxy = await oddProxy('mark: a', 'workers: 4');
    await proxy.app.close();
    const log = await proxy.log();
    expect(log).toContain('stopped');
    expect(log).not.toMatch(/ERROR|worker ended/);
  });

  it('cuts what does not finish, and ends all threads, also one whose event loop stands still', async () => {
    const proxy = await oddProxy('mark: a', 'shutdown: { timeout: 500ms }');
    const idle = await connectionAt(proxy, 1);
    const blocked = await connectionAt(proxy, 2);
    await hold(proxy, blocked);
    await proxy.app.close();
    for (const socket of [idle, blocked]) await socket.untilEnded();
    expect(await proxy.log()).toContain('stopped');
  });

  it('may come while a worker waits to be replaced', async () => {
    const proxy = await oddProxy('mark: a', 'shutdown: { timeout: 500ms }');
    for (let end = 1; end <= 2; end += 1) {
      const socket = await connectionAt(proxy, 2);
      socket.send('exit');
      await socket.untilEnded();
      if (end === 1) await proxy.untilLogged('worker serves again');
    }
    await proxy.app.close();
    expect(await proxy.log()).toContain('stopped');
  });
});

/** It waits for its time, or builds what is live. */
const NOT_SERVING = ['restarting', 'starting'];

describe('a proxy none of whose workers serves', () => {
  it('still answers operators, and says that none does', async () => {
    const proxy = await oddProxy('mark: a', "metrics: { enabled: true, listen: '127.0.0.1:0' }");
    const sockets = [await connectionAt(proxy, 1), await connectionAt(proxy, 2)];
    await writeInto(proxy.directory, { 'no-worker': '' });
    for (const socket of sockets) socket.send('exit');
    for (const socket of sockets) await socket.untilEnded();
    // Connections end a moment before the supervisor learns of the end of their worker.
    const status = await eventually(async () => {
      const now = await proxy.status();
      const workers = now['workers'] as { state: string }[];
      return workers.every(({ state }) => NOT_SERVING.includes(state)) && now;
    }, 'both workers are gone');
    expect(status).toMatchObject({ unanswered: [1, 2], listeners: [] });
    for (const path of ['metrics', 'backends', 'pools', 'connections'])
      expect((await fetch(`http://${proxy.adminAddress}/${path}`)).status, path).toBe(200);
  });
});
