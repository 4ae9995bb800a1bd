import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { backend } from '../../support/peers/backends.ts';
import { client } from '../../support/peers/clients.ts';
import { eventually } from '../../support/time/eventually.ts';
import { get, named } from '../../support/peers/http-talk.ts';
import { labProxy, type LabProxy } from '../../support/labs/lab-proxy.ts';
import { ScrapedMetrics } from '../../support/collectors/scraped-metrics.ts';
import { TEST_WORKERS } from '../../support/workers/test-workers.ts';

interface Stage {
  readonly proxy: LabProxy;
  /** The config with that `logging` section. */
  yaml(logging: string): string;
  /** Asks for some paths, one after the other. */
  ask(...paths: string[]): Promise<void>;
  /** The lines of a file beside the config, as soon as it has one with that text. */
  until(file: string, text: string): Promise<string[]>;
}

async function stage(logging: string): Promise<Stage> {
  const { address } = await backend(named('one'));
  const yaml = (section: string): string =>
    [
      'listen: "127.0.0.1:0"',
      'reload: { watch: false }',
      'metrics: { listen: "127.0.0.1:0" }',
      `backends: [{ name: one, address: "${address}" }]`,
      `logging: ${section}`,
    ].join('\n');
  const proxy = await labProxy(yaml(logging));
  return {
    proxy,
    yaml,
    ask: async (...paths) => {
      const socket = await client(proxy.address());
      for (const path of paths) expect((await get(socket, path)).status).toBe(200);
      socket.close();
    },
    until: (file, text) =>
      eventually(async () => {
        const content = await readFile(join(proxy.directory, file), 'utf8').catch(() => '');
        return content.includes(text) ? content.split('\n').slice(0, -1) : undefined;
      }, `${file} has ${text}`),
  };
}

/**
 * The paths of all lines in `access.log` and the files that it was rotated to, oldest first. While they are rotated, a file may be missed:
 * then there are too few.
 */
async function pathsInFiles(directory: string): Promise<string[]> {
  const seen: string[] = [];
  for (let number = 100; number >= 0; number--) {
    const file = join(directory, `access.log${number === 0 ? '' : `.${number}`}`);
    const text = await readFile(file, 'utf8').catch(() => '');
    expect(text.length).toBeLessThanOrEqual(2048);
    for (const line of text.split('\n').slice(0, -1)) seen.push((JSON.parse(line) as { path: string }).path);
  }
  return seen;
}

describe('log files', () => {
  it('take the lines of the operator and of requests, each their own', async () => {
    const { ask, until } = await stage(
      '{ output: operator.log, access_log: { output: access.log, format: common } }',
    );
    await ask('/one');
    expect((await until('operator.log', 'metrics listening')).join('\n')).toMatch(/ INFO listening /);
    expect(await until('access.log', '/one')).toEqual([
      expect.stringMatching(
        /^127\.0\.0\.1 - - \[\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d \+0000\] "GET \/one HTTP\/1\.1" 200 3$/,
      ),
    ]);
  });

  it('are opened anew after they were moved, as logrotate does it', async () => {
    const { proxy, ask, until } = await stage('{ access_log: { output: access.log } }');
    const file = join(proxy.directory, 'access.log');
    await ask('/one');
    await until('access.log', '/one');
    await rename(file, `${file}.1`);
    proxy.app.reopenLogs();
    await eventually(() => existsSync(file), 'the new file');
    await ask('/two');
    expect(await until('access.log', '/two')).toHaveLength(1);
    expect(await until('access.log.1', '/one')).toHaveLength(1);
  });

  it('change with an edit, together with level, fields and format', async () => {
    const { proxy, yaml, ask, until } = await stage('{ access_log: { output: a.log } }');
    await ask('/one');
    await proxy.change(
      yaml('{ level: debug, access_log: { output: b.log, format: json, fields: [path, status] } }'),
    );
    await ask('/two');
    await proxy.change(
      yaml('{ level: warn, access_log: { output: b.log, format: json, filter: "path == /four" } }'),
    );
    await ask('/three', '/four');
    expect(await until('a.log', '/one')).toHaveLength(1);
    const lines = await until('b.log', '/four');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toBe('{"path":"/two","status":200}');
    expect(JSON.parse(lines[1]!)).toMatchObject({ path: '/four', status: 200, backend: 'one' });
    await proxy.change(yaml('{ level: debug, access_log: false }'));
    await ask('/five');
    await proxy.untilLogged('/five');
    const log = await proxy.log();
    expect(log.match(/DEBUG Request received .*/g)?.map((line) => / path=(\S+)/.exec(line)?.[1])).toEqual([
      '/two',
      '/five',
    ]);
    expect(await until('b.log', '/four')).toHaveLength(2);
  });

  it('that can not be written to are refused with their place, and nothing changes', async () => {
    const { proxy, yaml, ask } = await stage('{ access_log: { fields: [path] } }');
    const edits = [
      ['{ output: none/x.log }', /balance\.yaml:5:20 logging\.output is in ".*\/none", which does not exist/],
      [
        '{ access_log: { output: "." } }',
        /balance\.yaml:5:34 logging\.access_log\.output is a folder, not a file/,
      ],
      [
        '{ access_log: { filter: "status >" } }',
        /balance\.yaml:5:34 logging\.access_log\.filter needs a value at character 9/,
      ],
    ] as const;
    for (const [logging, problem] of edits) {
      const { ok, message } = await proxy.edit(yaml(logging));
      expect([ok, message]).toEqual([false, expect.stringMatching(problem)]);
    }
    await ask('/still');
    expect(await proxy.untilLogged('/still')).toMatch(/ INFO access path=\/still$/);
  });

  it('rotate by size without losing or tearing a line', async () => {
    const { proxy, ask } = await stage(
      '{ rotate: { max_size: 2KiB, max_files: 100 }, access_log: { output: access.log, format: json } }',
    );
    const paths = Array.from({ length: 60 }, (_, n) => `/request/${n}`);
    for (let n = 0; n < paths.length; n += 10) await ask(...paths.slice(n, n + 10));
    const seen = await eventually(async () => {
      const found = await pathsInFiles(proxy.directory);
      return found.length >= paths.length ? found : undefined;
    }, 'all lines are written');
    // Those of one connection are in order, also where several workers write.
    for (let n = 0; n < paths.length; n += 10) {
      const ofOne = paths.slice(n, n + 10);
      expect(seen.filter((path) => ofOne.includes(path))).toEqual(ofOne);
    }
    expect(seen).toHaveLength(paths.length);
    if (TEST_WORKERS === 1) expect(seen).toEqual(paths);
  });
});

describe('an output that fails', () => {
  it.runIf(existsSync('/dev/full'))('holds no request up, and is told once', async () => {
    const { proxy, ask } = await stage('{ access_log: { output: /dev/full } }');
    await ask('/one', '/two', '/three');
    const errors = await eventually(async () => (await proxy.errors()) || undefined, 'the warning');
    await ask('/four');
    expect(errors).toMatch(
      /^\S+ WARN log output fails: lines wait for it, and are dropped when there are too many output=\/dev\/full error="ENOSPC: no space left on device, write"\n$/,
    );
    expect(await proxy.errors()).toBe(errors);
    expect(await proxy.log()).not.toContain('/one');
  });

  it('is used again by itself when its folder is back, with the lines that waited for it', async () => {
    const { proxy, yaml, ask, until } = await stage('{ access_log: true }');
    await mkdir(join(proxy.directory, 'logs'));
    await proxy.change(yaml('{ access_log: { output: logs/access.log } }'));
    await ask('/one');
    await until('logs/access.log', '/one');
    await rm(join(proxy.directory, 'logs'), { recursive: true });
    // The file is looked for again after a second.
    await eventually(async () => {
      await ask('/waiting');
      return (await proxy.errors()) !== '';
    }, 'the warning');
    await mkdir(join(proxy.directory, 'logs'));
    await ask('/two');
    expect((await until('logs/access.log', '/two'))[0]).toContain('/waiting');
    const again = await proxy.untilLogged('log output works again');
    expect(again).toMatch(
      / WARN log output works again output=\S+\/logs\/access\.log failed_for=\S+ dropped=0$/,
    );
    expect((await proxy.errors()).split('\n').slice(1)).toEqual([again, '']);
    const metrics = await ScrapedMetrics.from(proxy.adminAddress);
    expect(metrics.sum('balance_log_lines_dropped_total')).toBe(0);
  });
});
