import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../../../../src/config/load/config-error.ts';
import { loadConfig } from '../../../support/labs/load-config.ts';
import type { LoadedConfig } from '../../../../src/config/load/loaded-config.ts';
import { formatProblem } from '../../../../src/config/problems/problem.ts';
import { MAX_CONFIG_FILE_BYTES, hashOf } from '../../../../src/config/files/read-config-file.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'balance-include-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

/** Writes files below the test's directory: text by name. */
async function write(files: Readonly<Record<string, string>>): Promise<void> {
  await Promise.all(
    Object.entries(files).map(async ([name, text]) => {
      const file = join(directory, name);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
    }),
  );
}

const load = (env: Readonly<Record<string, string>> = {}): Promise<LoadedConfig> =>
  loadConfig(join(directory, 'main.yaml'), { env, modes: ['http', 'tcp'] });

/** The lines of the error that the load gives, with names from the test's directory on. */
async function problems(): Promise<string[]> {
  const error: unknown = await load().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ConfigError)) throw new Error(`the load gave ${String(error)}`);
  return error.problems.map(shown);
}

const shown = (problem: Parameters<typeof formatProblem>[0]): string =>
  formatProblem(problem).replaceAll(`${directory}/`, '');

const names = ({ config }: LoadedConfig): string[] => config.upstreams.map(({ name }) => name);

describe('include', () => {
  it('adds the lists of other files, in the order of their names', async () => {
    await write({
      'main.yaml':
        'include: conf.d/*.yaml\nlisteners: [{ listen: ":1", upstream: main }]\nupstreams: [{ name: main, backends: [] }]\n',
      'conf.d/20.yaml':
        'upstreams: [{ name: c, backends: [] }]\nlisteners: [{ listen: ":3", upstream: c }]\n',
      'conf.d/10.yaml': 'upstreams:\n  - { name: a, backends: [] }\n  - { name: b, backends: [] }\n',
    });
    const loaded = await load();
    expect(names(loaded)).toEqual(['main', 'a', 'b', 'c']);
    expect(loaded.config.listeners.map(({ address }) => address)).toEqual([':1', ':3']);
  });

  it('adds to the lists of the flat and of the gateway form', async () => {
    await write({
      'main.yaml': 'include: b.yaml\n',
      'b.yaml': 'backends: [{ address: "a:1" }]\n',
    });
    expect((await load()).config.upstreams[0]?.backends).toHaveLength(1);
    await write({
      'main.yaml': 'include: b.yaml\nroutes: [{ path: /a, backends: ["a:1"] }]\n',
      'b.yaml': 'routes: [{ path: /b, backends: ["b:1"] }]\n',
    });
    expect(names(await load())).toEqual(['route:/a', 'route:/b']);
  });

  it('takes a list of names and patterns, in its order and no file twice', async () => {
    await write({
      'main.yaml': 'include: [z.yaml, "*.yaml"]\nlisteners: [{ listen: ":1" }]\n',
      'a.yaml': 'upstreams: [{ name: a, backends: [] }]\n',
      'z.yaml': 'upstreams: [{ name: z, backends: [] }]\n',
    });
    expect(names(await load())).toEqual(['z', 'a']);
  });

  it('brings in sections that are no lists', async () => {
    await write({
      'main.yaml': 'include: logging.yaml\nbackends: []\n',
      'logging.yaml': 'logging:\n  level: ${env:LEVEL}\n',
    });
    expect((await load({ LEVEL: 'debug' })).config.logging.level).toBe('debug');
  });

  it('leaves out hidden files, folders and files of comments alone', async () => {
    await write({
      'main.yaml': 'include: conf.d/*\nbackends: []\n',
      'conf.d/.a.yaml.swp': 'not: { valid',
      'conf.d/folder/x.yaml': 'not: { valid',
      'conf.d/off.yaml': '# upstreams: []\n',
    });
    expect((await load()).config.listeners).toHaveLength(1);
  });

  it('finds files relative to the main file, through the environment too', async () => {
    await write({
      'main.yaml': 'include: ${env:WHERE}/*.yaml\nlisteners: [{ listen: ":1" }]\n',
      'there/a.yaml': 'upstreams: [{ name: a, backends: [] }]\n',
    });
    expect(names(await load({ WHERE: 'there' }))).toEqual(['a']);
    expect(names(await load({ WHERE: join(directory, 'there') }))).toEqual(['a']);
  });

  it('names file, line and column of every problem, whichever file it is in', async () => {
    await write({
      'main.yaml': 'include: conf.d/*.yaml\nlisteners:\n  - listen: ":1"\n    upstream: nothing\n',
      'conf.d/a.yaml': 'upstreams:\n  - name: a\n    backends: [{ address: "a:1", weight: -1 }]\n',
      'conf.d/b.yaml':
        'upstreams:\n  - name: b\n    backends: []\n  - name: a\n    backends: []\nlisteners: [{ lisen: ":2" }]\n',
      'conf.d/c.yaml': 'logging:\n  level: ${env:LEVEL}\n',
    });
    expect(await problems()).toEqual([
      'main.yaml:4:15 listeners[0].upstream names the upstream "nothing", which does not exist',
      'conf.d/a.yaml:3:42 upstreams[0].backends[0].weight must be >= 0',
      'conf.d/b.yaml:4:11 upstreams[1].name is "a", as another upstream is named already',
      'conf.d/b.yaml:6:13 listeners[0] must have the key listen',
      'conf.d/b.yaml:6:15 listeners[0].lisen is not a known key; did you mean "listen"?',
      'conf.d/c.yaml:2:10 logging.level needs the environment variable LEVEL, which is not set; ${env:LEVEL:-default} gives a default',
    ]);
  });

  it('names the file of a warning and of a place that a later check asks for', async () => {
    await write({
      'main.yaml': 'include: conf.d/*.yaml\nlisteners: [{ listen: ":1", upstream: a }]\n',
      'conf.d/a.yaml': 'upstreams:\n  - { name: a, backends: [{ address: "a:1" }] }\n',
      'conf.d/b.yaml': 'upstreams:\n  - name: b\n    backends: []\n',
    });
    const { warnings, problem, locate } = await load();
    expect(warnings.map(shown)).toEqual([
      'conf.d/b.yaml:2:11 upstreams[0].name is used by no listener and no route',
      'conf.d/b.yaml:3:5 upstreams[0].backends has no backend: nothing can be forwarded',
    ]);
    expect(shown(problem(['upstreams', 1, 'name'], 'is odd'))).toBe(
      'conf.d/b.yaml:2:11 upstreams[0].name is odd',
    );
    expect(shown(problem(['upstreams', 0, 'backends', 0, 'weight'], 'is odd'))).toBe(
      'conf.d/a.yaml:2:27 upstreams[0].backends[0].weight is odd',
    );
    expect(locate('listeners[0].address')).toEqual({
      file: join(directory, 'main.yaml'),
      line: 2,
      column: 23,
    });
  });

  it('tells what is wrong with each of several broken files at once', async () => {
    await write({
      'main.yaml': 'include: conf.d/*.yaml\nbackends: []\n',
      'conf.d/a.yaml': 'a: { b\n',
      'conf.d/b.yaml': 'a: 1\na: 2\n',
      'conf.d/c.yaml': '',
    });
    await writeFile(join(directory, 'conf.d/d.yaml'), Buffer.from([0xff]));
    const found = await problems();
    expect(found[0]).toMatch(/^conf\.d\/a\.yaml:\d+:\d+ is inside of a \{ or \[ that is not closed/);
    expect(found.slice(-3)).toEqual([
      'conf.d/b.yaml:2:1 a is given twice, first in line 1',
      'conf.d/c.yaml:1:1 is empty',
      'conf.d/d.yaml must be UTF-8 text',
    ]);
  });

  it('refuses a section that is given in two files, and names both locations', async () => {
    await write({
      'main.yaml': 'include: conf.d/*.yaml\nlogging: { level: info }\nbackends: []\n',
      'conf.d/a.yaml': 'admin: {}\n',
      'conf.d/b.yaml': '# more\n  \nadmin: {}\nlogging: {}\n',
    });
    expect(await problems()).toEqual([
      'conf.d/b.yaml:3:1 admin is given in two files, first in conf.d/a.yaml:1:1',
      'conf.d/b.yaml:4:1 logging is given in two files, first in main.yaml:2:1',
    ]);
  });

  it('refuses an include in an included file, lists that are none, and files that are no mapping', async () => {
    await write({
      'main.yaml': 'include: conf.d/*.yaml\nbackends: []\n',
      'conf.d/a.yaml': 'include: x.yaml\n',
      'conf.d/b.yaml': 'backends: { a: 1 }\n',
      'conf.d/c.yaml': '- 1\n',
    });
    expect(await problems()).toEqual([
      'conf.d/a.yaml:1:1 include can be in the main file only, which is main.yaml',
      'conf.d/b.yaml:1:1 backends must be a list',
      'conf.d/c.yaml:1:1 must be a mapping of keys to values',
    ]);
  });

  it('refuses a name that is missing, a link to nowhere and a pattern in a folder', async () => {
    await write({ 'main.yaml': 'include:\n  - none.yaml\nbackends: []\n' });
    expect(await problems()).toEqual([
      'main.yaml:2:5 include[0] names the file none.yaml, which does not exist',
    ]);
    await symlink('nowhere', join(directory, 'link.yaml'));
    await write({ 'main.yaml': 'include: l*.yaml\nbackends: []\n' });
    expect(await problems()).toEqual(['link.yaml is a link to a file that does not exist']);
    await write({ 'main.yaml': 'include: ["*/x.yaml", 1]\nbackends: []\n' });
    expect(await problems()).toEqual([
      'main.yaml:1:11 include[0] must have its * and ? in the last part of the path only, as in conf.d/*.yaml',
      'main.yaml:1:23 include[1] must be the name of a file, or a pattern such as conf.d/*.yaml; YAML reads it as a number: put it in quotes',
    ]);
  });

  it('warns of a pattern that matches nothing', async () => {
    await write({ 'main.yaml': 'include: ["*.yaml", conf.d/*.yaml]\nbackends: [{ address: "a:1" }]\n' });
    expect((await load()).warnings.map(shown)).toEqual([
      'main.yaml:1:11 include[0] matches no file',
      'main.yaml:1:21 include[1] matches no file: the folder does not exist',
    ]);
  });

  it('refuses more files and more bytes than any config has', async () => {
    const many = Array.from({ length: 1001 }, (_, n) => [`conf.d/${n}.yaml`, '#'] as const);
    await write({ 'main.yaml': 'include: conf.d/*.yaml\nbackends: []\n', ...Object.fromEntries(many) });
    expect(await problems()).toEqual(['main.yaml:1:10 include must include at most 1000 files, not 1001']);
    const half = `#${' '.repeat(MAX_CONFIG_FILE_BYTES / 2)}`;
    await write({ 'main.yaml': 'include: [a.yaml, b.yaml]\nbackends: []\n', 'a.yaml': half, 'b.yaml': half });
    expect(await problems()).toEqual([
      'b.yaml is too large: all files of a config together must be at most 4MiB',
    ]);
  });

  it('is followed from a text that stands for the file', async () => {
    await write({ 'a.yaml': 'backends: [{ address: "a:1" }]\n' });
    const file = join(directory, 'main.yaml');
    const { config } = await loadConfig(file, { modes: ['http'], text: 'include: a.yaml\n' });
    expect(config.upstreams[0]?.backends[0]?.name).toBe('a:1');
  });
});

describe('the sources of a config', () => {
  const hash = async (): Promise<string> => (await load()).hash;

  it('are the file alone, with its hash, when it includes nothing', async () => {
    await write({ 'main.yaml': 'backends: []\n' });
    const file = join(directory, 'main.yaml');
    expect((await load()).sources).toEqual({
      files: [{ file, role: 'main', hash: hashOf('backends: []\n') }],
      includes: [],
      hash: hashOf('backends: []\n'),
    });
  });

  it('name included files and those that keys name', async () => {
    await write({
      'main.yaml':
        'include: conf.d/*.yaml\nhttp: { error_pages: [{ statuses: [502], file: pages/502.html }] }\n',
      'conf.d/a.yaml': 'backends: []\n',
      'pages/502.html': 'gone',
    });
    const { files, includes } = (await load()).sources;
    expect(files.at(-1)?.keyPath).toBe('listeners[default].http.error_pages[0].file');
    expect(includes).toEqual([join(directory, 'conf.d/*.yaml')]);
    expect(files.map(({ file, role }) => [file.slice(directory.length + 1), role])).toEqual([
      ['main.yaml', 'main'],
      ['conf.d/a.yaml', 'include'],
      ['pages/502.html', 'reference'],
    ]);
  });

  it('hash alike until any content or name changes', async () => {
    const main = 'include: conf.d/*.yaml\nhttp: { error_pages: [{ statuses: [502], file: 502.html }] }\n';
    await write({ 'main.yaml': main, 'conf.d/a.yaml': 'backends: []\n', '502.html': 'gone' });
    const hashes = [await hash()];
    expect(await hash()).toBe(hashes[0]);
    await write({ '502.html': 'away' });
    hashes.push(await hash());
    await write({ 'conf.d/a.yaml': 'backends: [] # none\n' });
    hashes.push(await hash());
    await write({ 'conf.d/b.yaml': '#\n' });
    hashes.push(await hash());
    await rm(join(directory, 'conf.d/b.yaml'));
    await write({ 'conf.d/c.yaml': '#\n' });
    hashes.push(await hash());
    await write({ 'main.yaml': `${main}\n` });
    hashes.push(await hash());
    expect(new Set(hashes).size).toBe(6);
  });

  it('are told with the error when the config can not be used', async () => {
    await write({ 'main.yaml': 'include: [a.yaml, "*.yml"]\nbackends: []\n', 'a.yaml': 'nonsense: 1\n' });
    const error = (await load().catch((thrown: unknown) => thrown)) as ConfigError;
    expect(error.sources?.files.map(({ role }) => role)).toEqual(['main', 'include']);
    expect(error.sources?.includes).toHaveLength(2);
  });

  it('must be there when keys name them', async () => {
    await write({
      'main.yaml': 'include: a.yaml\nbackends: []\n',
      'a.yaml': 'http:\n  error_pages:\n    - statuses: [502]\n      file: 502.html\n',
    });
    expect(await problems()).toEqual([
      'a.yaml:4:13 http.error_pages[0].file names the file "502.html", which does not exist',
    ]);
    await mkdir(join(directory, '502.html'));
    expect(await problems()).toEqual([
      'a.yaml:4:13 http.error_pages[0].file names the file "502.html", which is a directory, not a file',
    ]);
  });
});
