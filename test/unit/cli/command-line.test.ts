import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../../src/cli/command-line.ts';

const parse = (line: string, env: NodeJS.ProcessEnv = {}) =>
  parseCommandLine(line.split(' ').filter(Boolean), env);
const mistakeIn = (line: string) => {
  const parsed = parse(line);
  return parsed.command === 'mistake' ? parsed.message : undefined;
};

describe('parseCommandLine', () => {
  it.each(['run', 'validate'])('%s reads the file of --config', (command) => {
    for (const words of ['--config a.yaml', '--config=a.yaml', '-c a.yaml', '-ca.yaml']) {
      expect(parse(`${command} ${words}`)).toEqual({ command, configFile: 'a.yaml' });
    }
    expect(parse(`--config a.yaml ${command}`)).toEqual({ command, configFile: 'a.yaml' });
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
