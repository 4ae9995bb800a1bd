import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

import { backends as backendsCommand } from '../../../src/cli/backends/backends.ts';
import { parseCommandLine } from '../../../src/cli/command-line/command-line.ts';
import { buildProgram } from '../../support/labs/built-program.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { eventually } from '../../support/time/eventually.ts';
import { testContext } from '../../unit/cli/test-context.ts';
import { MortalBackend } from './mortal-backend.ts';

const TOKEN = 'a-token-of-a-test-only';

interface Scene {
  readonly proxy: LabProxy;
  readonly one: MortalBackend;
  readonly two: MortalBackend;
  readonly yaml: (more?: string) => string;
}

async function scene(workers: number): Promise<Scene> {
  const one = await MortalBackend.start('one');
  const two = await MortalBackend.start('two');
  const yaml = (more = ''): string => `
workers: ${String(workers)}
listeners: [{ name: web, address: '127.0.0.1:0', mode: http, upstream: app }]
upstreams:
  - name: app
    backends: [{ name: one, address: '${one.address}' }, { name: two, address: '${two.address}' }]
    ${more}
admin: { listen: '127.0.0.1:0', token: ${TOKEN}, public: [health] }
reload: { watch: false }
`;
  return { proxy: await labProxy(yaml()), one, two, yaml };
}

/** Runs `balance backends` with these words against the proxy. */
async function balance(proxy: LabProxy, ...words: readonly string[]) {
  // The file of the proxy has port 0: the command gets one that says which port that became.
  const { context, file } = await commandFor(proxy);
  const line = parseCommandLine(['backends', ...words, '--config', file], {});
  if (line.command !== 'backends') throw new Error(JSON.stringify(line));
  const code = await backendsCommand(line, context);
  return { code, ...context.written() };
}

async function commandFor(proxy: LabProxy) {
  const file = `${proxy.directory}/for-the-command.yaml`;
  const text = await readFile(proxy.configFile, 'utf8');
  await writeFile(
    file,
    text.replace("admin: { listen: '127.0.0.1:0'", `admin: { listen: '${proxy.adminAddress}'`),
  );
  return { context: testContext(), file };
}

/** Which backends answer, over some requests. */
async function answering(proxy: LabProxy): Promise<string[]> {
  const names = new Set<string>();
  for (let time = 0; time < 8; time++) {
    const answer = await fetch(`http://${proxy.address()}/`, { headers: { connection: 'close' } });
    names.add(answer.ok ? await answer.text() : String(answer.status));
  }
  return [...names].sort();
}

/** Waits until those alone answer: with several workers, another one hears of a change a moment later. */
async function untilAnswering(proxy: LabProxy, ...wanted: readonly string[]): Promise<void> {
  await eventually(
    async () => (await answering(proxy)).join() === wanted.join(),
    `${wanted.join(' and ')} answer`,
  );
}

buildProgram();

describe.each([1, 2])('states that operators set, with %i workers', { timeout: 60_000 }, (workers) => {
  it('keep a backend from new requests while what runs is finished, over edits', async () => {
    const { proxy, one, two, yaml } = await scene(workers);
    one.mood = 'holds';
    two.mood = 'holds';
    const held = [fetch(`http://${proxy.address()}/`), fetch(`http://${proxy.address()}/`)];
    await one.holding(1);
    await two.holding(1);
    expect(await balance(proxy, 'drain', 'one', '--reason', 'a new disk')).toMatchObject({
      code: 0,
      stdout: `app/one (${one.address}): draining\n`,
    });
    one.mood = 200;
    two.mood = 200;
    await untilAnswering(proxy, 'two');
    one.release();
    two.release();
    expect((await Promise.all(held)).map(({ status }) => status)).toEqual([200, 200]);
    await proxy.change(yaml('queue: { max_size: 7 }'));
    expect(await answering(proxy)).toEqual(['two']);
    const { stdout } = await balance(proxy);
    expect(stdout).toMatch(/^app +one +\S+ +draining +1 +0 +\S+Z +a new disk$/m);
    await balance(proxy, 'enable', 'app/one');
    await untilAnswering(proxy, 'one', 'two');
  });

  it('do not make the proxy unhealthy, and say what to do about a wrong name', async () => {
    const { proxy } = await scene(workers);
    await balance(proxy, 'disable', 'one');
    await untilAnswering(proxy, 'two');
    expect((await fetch(`http://${proxy.adminAddress}/health`)).status).toBe(200);
    expect(await balance(proxy, 'drain', 'ome')).toMatchObject({
      code: 2,
      stderr: `balance: there is no backend 'ome'; did you mean "one"?\n`,
    });
    const encoded = await fetch(`http://${proxy.adminAddress}/backends/app%2Fone/drain`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    expect(await encoded.json()).toMatchObject({
      message: expect.stringContaining('between the names of upstream and backend write / itself') as string,
    });
    await balance(proxy, 'unhealthy', 'two');
    await untilAnswering(proxy, '503');
    await balance(proxy, 'healthy', 'two');
    await untilAnswering(proxy, 'two');
  });
});
