import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import type { LoadOptions } from '../../../src/config/load/loaded-config.ts';
import { loadConfig } from '../../support/labs/load-config.ts';
import type { PluginSettings } from '../../../src/config/load/plugin-settings.ts';
import type * as LoaderModule from '../../../src/config/load/config-loader.ts';
import type * as OwnPlugins from '../../../src/plugins/source/own-plugins.ts';
import { buildProgram } from '../../support/labs/built-program.ts';
import { eventually } from '../../support/time/eventually.ts';
import { owned } from '../../support/owned.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

const root = new URL('../../../', import.meta.url);
const compiled = new URL('dist/src/config/load/config-loader.js', root);
const OPTIONS: LoadOptions = { modes: ['http', 'tcp', 'echo'] };

/** Of the compiled plugins, as the thread imports them. */
let builtInRules: typeof OwnPlugins.builtInRules;
let ConfigLoader: typeof LoaderModule.ConfigLoader;
let directory: string;
let file: string;
/** The threads that run now. Nothing but a loader starts one here. */
const threads = new Set<Worker>();

buildProgram();

function count(thread: Worker): void {
  threads.add(thread);
  thread.once('exit', () => threads.delete(thread));
}

process.on('worker', count);
afterAll(() => process.off('worker', count));

beforeAll(async () => {
  ({ ConfigLoader } = (await import(/* @vite-ignore */ compiled.href)) as typeof LoaderModule);
  ({ builtInRules } = (await import(
    /* @vite-ignore */ new URL('dist/src/plugins/source/own-plugins.js', root).href
  )) as typeof OwnPlugins);
});

beforeEach(async () => {
  const made = await mkdtemp(join(tmpdir(), 'balance-loader-'));
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  directory = made;
  file = join(made, 'main.yaml');
});

/** A loader that ends with the test, and what it logged. */
function started(options: Partial<LoaderModule.ConfigLoaderOptions> = {}) {
  const logger = new RecordingLogger();
  return {
    loader: owned(new ConfigLoader({ logger, rules: builtInRules(), ...options })),
    log: logger.lines,
  };
}

/** A thread that does `code` when it is asked for a load. */
async function threadThat(code: string): Promise<URL> {
  const worker = join(directory, 'worker.mjs');
  const text = `import { parentPort } from 'node:worker_threads';\nparentPort.on('message', (request) => { ${code} });\n`;
  await writeFile(worker, text);
  return pathToFileURL(worker);
}

const put = (name: string, text: string): Promise<void> => writeFile(join(directory, name), text);

describe('a config that is loaded in a thread', () => {
  it('is the same as one that is loaded here', async () => {
    await put(
      'main.yaml',
      'include: part.yaml\nlogging: { level: "${env:LEVEL}" }\nbackends: [{ address: "a:1" }]\n',
    );
    await put(
      'part.yaml',
      'backends:\n  - address: "b:1"\n    weight: 2\ntimeouts: { idle: 5s }\nmode: tcp\n',
    );
    const options = { ...OPTIONS, env: { LEVEL: 'debug' } };
    const { loader, log } = started();
    const there = await loader.load(file, options);
    const here = await loadConfig(file, options);
    expect(there.config).toEqual(here.config);
    expect(there.warnings).toEqual(here.warnings);
    expect(there.sources).toEqual(here.sources);
    expect([there.file, there.hash]).toEqual([here.file, here.hash]);
    const path = 'upstreams[0].backends[1].weight';
    expect(there.locate(path)).toEqual({ file: join(directory, 'part.yaml'), line: 3, column: 13 });
    expect(there.problem(['upstreams', 0, 'backends', 1, 'weight'], 'is odd')).toEqual(
      here.problem(['upstreams', 0, 'backends', 1, 'weight'], 'is odd'),
    );
    expect(threads.size).toBe(1);
    expect(log).toEqual([]);
  });

  it('may come from a text that stands for the file', async () => {
    const { config } = await started().loader.load(file, {
      ...OPTIONS,
      text: 'backends: [{ address: "a:1" }]\n',
    });
    expect(config.upstreams[0]?.backends[0]?.name).toBe('a:1');
  });

  it('tells all that is wrong with it, and what it read', async () => {
    await put('main.yaml', 'bakends: []\nlistem: ":1"\n');
    await expect(started().loader.load(file, OPTIONS)).rejects.toMatchObject({
      name: 'ConfigError',
      code: 'config_invalid',
      problems: [{ file, line: 1, column: 1 }, { line: 2 }],
      sources: { files: [{ file, role: 'main' }] },
    });
  });

  it('asks for the modes of plugins when it knows where they lie', async () => {
    await put('main.yaml', 'include: part.yaml\nmode: mine\nbackends: []\n');
    await put('part.yaml', 'plugins: { directory: "${env:WHERE}", timeout: 3s }\n');
    const { loader } = started();
    const asked: PluginSettings[] = [];
    const modes = (settings: PluginSettings): Promise<readonly string[]> => {
      asked.push(settings);
      return Promise.resolve(['mine']);
    };
    const options = { modes, env: { WHERE: 'p' } };
    expect((await loader.load(file, options)).config.listeners[0]?.mode).toBe('mine');
    expect(asked).toEqual([{ directory: join(directory, 'p'), timeoutMs: 3000 }]);
    const failing = { ...options, modes: () => Promise.reject(new Error('no plugins today')) };
    await expect(loader.load(file, failing)).rejects.toThrow('no plugins today');
    expect((await loader.load(file, options)).config.listeners).toHaveLength(1);
  });

  it('does not wait for others that are loaded at the same time', async () => {
    await put('main.yaml', 'backends: []\n');
    const { loader } = started();
    type Answer = (modes: readonly string[]) => void;
    let asked: (answer: Answer) => void = () => undefined;
    const question = new Promise<Answer>((resolve) => (asked = resolve));
    const slow = loader.load(file, { modes: () => new Promise(asked) });
    expect((await loader.load(file, OPTIONS)).file).toBe(file);
    // Which of the two comes so far first is not said.
    (await question)(['http']);
    expect((await slow).file).toBe(file);
  });
});

describe('the thread', () => {
  beforeEach(() => put('main.yaml', 'backends: [{ address: "a:1" }]\n'));

  it('ends when nothing is loaded for a while, and starts again', async () => {
    const { loader, log } = started({ idleMs: 1 });
    for (let round = 0; round < 2; round += 1) {
      await loader.load(file, OPTIONS);
      expect(threads.size).toBe(1);
      await eventually(() => threads.size === 0, 'the thread ended');
    }
    expect(log).toEqual([]);
  });

  it('keeps no process alive', async () => {
    const script = `
      import { ConfigLoader } from ${JSON.stringify(compiled.href)};
      let threads = 0;
      process.on('worker', (thread) => thread.on('exit', () => (threads -= 1)) && (threads += 1));
      const loader = new ConfigLoader({ logger: { warn: console.log }, rules: {}, idleMs: 600000 });
      const { config } = await loader.load(${JSON.stringify(file)}, { modes: ['http'] });
      console.log(config.upstreams[0].backends[0].name, threads);
    `;
    const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      timeout: 25_000,
    });
    expect({ stdout, status }).toEqual({ stdout: 'a:1 1\n', status: 0 });
  });

  it.each([
    ['is missing', async () => Promise.resolve(pathToFileURL(join(directory, 'none.mjs')))],
    ['exits', () => threadThat('process.exit(3)')],
    ['throws', () => threadThat('throw new Error("boom")')],
    ['does not parse', () => threadThat('}{')],
  ])('that %s is done without', async (_what, worker) => {
    const { loader, log } = started({ workerFile: await worker() });
    for (let round = 0; round < 2; round += 1) {
      expect((await loader.load(file, OPTIONS)).config.upstreams).toHaveLength(1);
    }
    expect(log).toHaveLength(2);
    expect(log[0]).toMatch(/^warn config is loaded without a thread of its own \{"reason":".+"\}$/);
  });

  it('that hangs is ended: the load fails, and the next one has another thread', async () => {
    const { loader } = started({ workerFile: await threadThat('for (;;);'), timeoutMs: 50 });
    for (let round = 0; round < 2; round += 1) {
      await expect(loader.load(file, OPTIONS)).rejects.toMatchObject({
        code: 'internal',
        message: 'the config could not be loaded: it took longer than 50ms',
      });
    }
    await eventually(() => threads.size === 0, 'the threads ended');
  });

  it('that needs too much memory fails the load, which is not tried here', async () => {
    const worker = await threadThat(
      'throw Object.assign(new Error("heap"), { code: "ERR_WORKER_OUT_OF_MEMORY" })',
    );
    const { loader } = started({ workerFile: worker });
    await expect(loader.load(file, OPTIONS)).rejects.toThrow(
      /could not be loaded: it needs more than \d+ MB/,
    );
  });

  it('ends with its loader, and a load that runs fails', async () => {
    const { loader } = started();
    let closed: Promise<void> | undefined;
    const modes = (): Promise<readonly string[]> => {
      closed = loader.close();
      return new Promise(() => undefined);
    };
    await expect(loader.load(file, { modes })).rejects.toThrow('could not be loaded: it was ended');
    await closed;
    await expect(loader.load(file, OPTIONS)).rejects.toThrow('nothing is loaded any more');
  });
});
