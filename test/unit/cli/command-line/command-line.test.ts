import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../../../src/cli/command-line/command-line.ts';

const parse = (line: string, env: NodeJS.ProcessEnv = {}) =>
  parseCommandLine(line.split(' ').filter(Boolean), env);
const mistakeIn = (line: string) => {
  const parsed = parse(line);
  return parsed.command === 'mistake' ? parsed.message : undefined;
};

describe('parseCommandLine', () => {
  it.each(['run', 'validate', 'explain /'])('%s reads the file of --config', (command) => {
    for (const words of ['--config a.yaml', '--config=a.yaml', '-c a.yaml', '-ca.yaml']) {
      expect(parse(`${command} ${words}`)).toMatchObject({ configFile: 'a.yaml' });
    }
    expect(parse(`--config a.yaml ${command}`)).toMatchObject({ configFile: 'a.yaml' });
  });

  it('runs the file of a config option that stands alone', () => {
    const run = { command: 'run', configFile: 'a.yaml' };
    for (const words of [
      '--config a.yaml',
      '--config=a.yaml',
      '-c a.yaml',
      '-config a.yaml',
      '-config=a.yaml',
    ])
      expect(parse(words), words).toEqual(run);
    expect(parse('run -config a.yaml')).toEqual(run);
    expect(parse('-config a.yaml validate')).toMatchObject({ command: 'validate', configFile: 'a.yaml' });
    expect(mistakeIn('-config')).toBe('--config needs a file');
    expect(mistakeIn('-config a.yaml --strict')).toBe('run takes no --strict, validate does');
    expect(parse('', { BALANCE_CONFIG: 'a.yaml' })).toMatchObject({ command: 'mistake' });
  });

  it('validate can be strict and write JSON', () => {
    const plain = { command: 'validate', configFile: 'config/balance.yaml', strict: false, json: false };
    expect(parse('validate')).toEqual(plain);
    expect(parse('validate --strict --json')).toEqual({ ...plain, strict: true, json: true });
    expect(mistakeIn('validate --strict=yes')).toBe('--strict takes no value');
  });

  it('diff takes two files', () => {
    expect(parse('diff a.yaml b.yaml --json')).toEqual({
      command: 'diff',
      before: 'a.yaml',
      after: 'b.yaml',
      json: true,
    });
    for (const line of ['diff', 'diff a.yaml', 'diff a b c'])
      expect(mistakeIn(line)).toContain('two config files');
    expect(mistakeIn('diff -c a.yaml b.yaml')).toBe('diff takes no --config: name both files behind it');
  });

  it('dev-cert takes names of hosts', () => {
    expect(parse('dev-cert LocalHost *.App.test. 127.0.0.1 [::1] localhost')).toEqual({
      command: 'dev-cert',
      names: ['localhost', '*.app.test', '127.0.0.1', '::1'],
      folder: 'certs',
      isForClient: false,
      keyType: 'ecdsa',
      days: undefined,
      force: false,
    });
    expect(parse('dev-cert bücher.test --rsa --days 30 --force --folder tls')).toMatchObject({
      names: ['xn--bcher-kva.test'],
      folder: 'tls',
      keyType: 'rsa',
      days: 30,
      force: true,
    });
    expect(mistakeIn('dev-cert')).toBe(
      "dev-cert needs names, as in: dev-cert localhost '*.app.test' 127.0.0.1",
    );
    for (const [name, hint] of [
      ['https://a.test', ': leave out what stands before and behind the name'],
      ['a.test/path', ': leave out what stands before and behind the name'],
      ['a.test?b', ''],
      ['a%62.test', ''],
      ['a.test:8443', ': leave out the port'],
      ['a.*.test', ': a * can only be the whole first part, as in *.example.com'],
      ['*', ': a * can only be the whole first part, as in *.example.com'],
      ['a_b..test', ''],
      ['127.1', ''],
      ['*.127.0.0.1', ': a * can only be the whole first part, as in *.example.com'],
    ] as const)
      expect(mistakeIn(`dev-cert ${name}`)).toBe(`'${name}' is no host name and no IP address${hint}`);
    expect(mistakeIn('dev-cert *.test')).toContain('use a name below it, such as *.app.test');
    for (const days of ['0', '826', '1.5', 'many'])
      expect(mistakeIn(`dev-cert a --days ${days}`)).toBe(
        `--days needs a whole number from 1 to 825, got '${days}'`,
      );
    expect(mistakeIn('dev-cert a --folder')).toBe('--folder needs a folder');
    expect(mistakeIn('run --force')).toBe('run takes no --force, dev-cert does');
  });

  it('dev-cert takes one name of any kind for a client', () => {
    expect(parseCommandLine(['dev-cert', '--client', 'Alice <a@b>'], {})).toMatchObject({
      names: ['Alice <a@b>'],
      isForClient: true,
    });
    expect(mistakeIn('dev-cert --client a b')).toBe("dev-cert --client takes one name, got 'a b'");
    expect(mistakeIn(`dev-cert --client ${'x'.repeat(65)}`)).toBe(
      'the name of a client has 1 to 64 characters',
    );
  });

  it('explain takes a method, a URL and what else a request is made of', () => {
    expect(parseCommandLine(['explain', 'PUT', 'http://a/b', '-H', 'X-A: 1', '--header=x-b:2'], {})).toEqual({
      command: 'explain',
      configFile: 'config/balance.yaml',
      json: false,
      question: {
        method: 'PUT',
        url: 'http://a/b',
        headers: [
          ['X-A', '1'],
          ['x-b', '2'],
        ],
        from: undefined,
        listener: undefined,
      },
    });
    expect(parse('explain http://a --from ::1 --listener web')).toMatchObject({
      question: { method: undefined, url: 'http://a', from: '::1', listener: 'web' },
    });
    expect(parse('explain --listener db')).toMatchObject({ question: { url: undefined, listener: 'db' } });
  });

  it('explain says what of a request can not be', () => {
    expect(mistakeIn('explain')).toContain('needs a URL');
    expect(mistakeIn('explain GET')).toContain('a URL after GET');
    expect(mistakeIn('explain example.com/x')).toContain('http:// before example.com/x');
    expect(mistakeIn('explain G@T http://a')).toBe("'G@T' is no HTTP method");
    expect(mistakeIn('explain GET http://a b')).toContain('a method and a URL');
    expect(mistakeIn('explain http://a -H nonsense')).toBe("'nonsense' is no header; write 'Name: value'");
    expect(mistakeIn('explain http://a --from here')).toBe("--from needs an IP address, got 'here'");
    expect(mistakeIn('explain http://a --from')).toBe('--from needs an IP address');
  });

  it('names the command that an option belongs to', () => {
    expect(mistakeIn('run --strict')).toBe('run takes no --strict, validate does');
    expect(mistakeIn('run --json')).toBe('run takes no --json, validate, diff, explain, backends do');
    expect(mistakeIn('validate --from 127.0.0.1')).toBe('validate takes no --from, explain does');
  });

  it('names the verbs of backends, and the one that HAProxy calls otherwise', () => {
    const verbs = 'list, drain, disable, enable, healthy, unhealthy';
    expect(mistakeIn('backends maint a')).toBe(
      `backends can not 'maint', only ${verbs}; did you mean "disable"?`,
    );
    expect(mistakeIn('backends colour a')).toBe(`backends can not 'colour', only ${verbs}`);
  });

  it('takes BALANCE_CONFIG when there is no --config, and config/balance.yaml when there is neither', () => {
    const env = { BALANCE_CONFIG: '/etc/balance.yaml' };
    expect(parse('run', env)).toEqual({ command: 'run', configFile: '/etc/balance.yaml' });
    expect(parse('run -c a.yaml', env)).toEqual({ command: 'run', configFile: 'a.yaml' });
    expect(parse('run', { BALANCE_CONFIG: '' })).toEqual({
      command: 'run',
      configFile: 'config/balance.yaml',
    });
  });

  it('knows demo, help and version', () => {
    expect(parse('demo')).toEqual({ command: 'demo' });
    for (const line of ['--help', '-h', 'help', 'run --help'])
      expect(parse(line)).toEqual({ command: 'help' });
    for (const line of ['--version', '-v']) expect(parse(line)).toEqual({ command: 'version' });
  });

  it('names what it did not understand and what was probably meant', () => {
    expect(mistakeIn('rnu')).toBe(`unknown command 'rnu'; did you mean "run"?`);
    expect(mistakeIn('vaildate')).toBe(`unknown command 'vaildate'; did you mean "validate"?`);
    expect(mistakeIn('run --confg a.yaml')).toBe("unknown option '--confg'; did you mean --config?");
    expect(mistakeIn('run a.yaml')).toBe("unexpected argument 'a.yaml'; did you mean --config a.yaml?");
    expect(mistakeIn('frobnicate')).toBe("unknown command 'frobnicate'");
    expect(mistakeIn('my.yaml')).toBe("unknown command 'my.yaml'; did you mean --config my.yaml?");
    expect(mistakeIn('run -x')).toContain("unknown option '-x'");
  });

  it('refuses a missing value, a value too much and arguments of demo', () => {
    expect(mistakeIn('run --config')).toBe('--config needs a file');
    expect(mistakeIn('run --config=')).toBe('--config needs a file');
    expect(mistakeIn('--help=yes')).toBe('--help takes no value');
    expect(mistakeIn('demo now')).toContain("'now'");
    expect(mistakeIn('demo -c a.yaml')).toContain('--config');
    expect(mistakeIn('')).toBe('no command given');
  });
});
