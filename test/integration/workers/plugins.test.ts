import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

import { firstLine } from '../../support/peers/clients.ts';
import { client } from '../../support/peers/clients.ts';
import { buildProgram } from '../../support/labs/built-program.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { logged } from '../../support/labs/say-plugin.ts';
import { workerPlugin } from '../../support/labs/worker-plugin.ts';
import { eventually } from '../../support/time/eventually.ts';
import { writeInto } from '../../support/write-into.ts';

const YAML = `
workers: 4
listeners:
  - { name: one, listen: '127.0.0.1:0', mode: who }
upstreams: []
plugins: { directory: plugins }
reload: { debounce: 10ms, poll_interval: 200ms }
`;
const MANY = 24;

function start(): Promise<LabProxy> {
  return labProxy(YAML, { 'plugins/who/index.mjs': workerPlugin('v1') });
}

/** The greetings of many connections that are open at the same time. */
async function greetings(proxy: LabProxy): Promise<string[]> {
  const sockets = await Promise.all(Array.from({ length: MANY }, () => client(proxy.address())));
  const lines = await Promise.all(sockets.map((socket) => socket.untilText('\n')));
  for (const socket of sockets) socket.close();
  return lines.map((line) => line.trim());
}

const versions = (lines: readonly string[]) => new Set(lines.map((line) => line.split(' ')[0]));

buildProgram();

describe('with four workers, a plugin', () => {
  it('is imported by each of them, and replaced in all while they serve', async () => {
    const proxy = await start();
    const before = await greetings(proxy);
    expect(versions(before)).toEqual(new Set(['v1']));
    expect(new Set(before).size).toBeGreaterThan(1);
    const kept = await client(proxy.address());
    await kept.untilText('v1');
    await writeInto(proxy.directory, { 'plugins/who/index.mjs': workerPlugin('v2') });
    await proxy.untilLogged('plugin who replaced');
    const after = await greetings(proxy);
    expect(versions(after)).toEqual(new Set(['v2']));
    expect(new Set(after).size).toBeGreaterThan(1);
    expect(kept.socket.closed).toBe(false);
  });

  it('that fails in one of them is refused with the reason, and all go on with the state before', async () => {
    const proxy = await start();
    const more = "if (worker === 3) throw new Error('not with me');";
    await writeInto(proxy.directory, { 'plugins/who/index.mjs': workerPlugin('v2', { more }) });
    const line = await proxy.untilLogged('plugin refused');
    expect(line).toMatch(/not with me.*\(worker 3\)/);
    expect(versions(await greetings(proxy))).toEqual(new Set(['v1']));
    // It is tried again when it is edited.
    await writeInto(proxy.directory, { 'plugins/who/index.mjs': workerPlugin('v3') });
    await proxy.untilLogged('plugin who replaced');
    expect(versions(await greetings(proxy))).toEqual(new Set(['v3']));
  });

  it('that gets no instance in one of them is refused likewise, and vetoes an edit where it is new', async () => {
    const proxy = await start();
    const more = '';
    const failing = workerPlugin('v1', { name: 'picky', more }).replace(
      'return new Who();',
      "if (worker === 2) throw new Error('no instance here');\n  return new Who();",
    );
    await writeInto(proxy.directory, { 'plugins/picky.mjs': failing });
    const { ok, message } = await proxy.edit(YAML.replace('mode: who', 'mode: picky'));
    expect(ok).toBe(false);
    expect(message).toMatch(/listener one: plugin picky failed: no instance here.*\(worker 2\)/);
    expect(versions(await greetings(proxy))).toEqual(new Set(['v1']));
  });

  it('whose files change while it is loaded is refused, and loaded when they stay as they are', async () => {
    const proxy = await start();
    const file = join(proxy.directory, 'plugins/who/state.txt');
    const more = `
import { readFileSync, writeFileSync } from 'node:fs';
const file = ${JSON.stringify(file)};
if (worker === 1 && readFileSync(file, 'latin1') === 'as it was') writeFileSync(file, 'as it stays');
`;
    await writeFile(file, 'as it was');
    await proxy.untilLogged('plugin who replaced');
    await writeInto(proxy.directory, { 'plugins/who/index.mjs': workerPlugin('v2', { more }) });
    expect(await proxy.untilLogged('plugin refused')).toMatch(/changed while it was loaded/);
    await eventually(async () => (await logged(proxy, 'plugin who replaced')) === 2, 'it was loaded');
    expect(versions(await greetings(proxy))).toEqual(new Set(['v2']));
  });

  it('is imported by a worker that takes the place of another one', async () => {
    const proxy = await start();
    const socket = await client(proxy.address());
    const greeting = (await socket.untilText('\n')).trim();
    socket.send('end');
    await socket.untilEnded();
    expect(await proxy.untilLogged('worker ended')).toContain('ended on purpose');
    await proxy.untilLogged('worker serves again');
    await eventually(async () => (await firstLine(proxy.address())) === greeting, 'the replacement serves');
  });
});
