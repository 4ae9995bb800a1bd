import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfigText } from '../../../support/labs/load-config.ts';
import { problemsOf, warningsOf } from '../problems-of.ts';

const rest = 'backends: [{ name: a, address: "a:1" }]\n';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'balance-check-'));
  writeFileSync(join(folder, 'file'), '');
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the logging section', () => {
  it('takes an access log that is only switched on or off', () => {
    const accessLog = (text: string): unknown =>
      loadConfigText(`${rest}logging: { access_log: ${text} }`, 'x.yaml', { modes: ['http'] }).config.logging
        .access_log;
    expect(accessLog('true')).toEqual({ enabled: true, sample: 1 });
    expect(accessLog('false')).toEqual({ enabled: false, sample: 1 });
    expect(accessLog('{}')).toEqual({ enabled: true, sample: 1 });
    expect(accessLog('{ format: json, fields: [status], sample: 0.1, filter: error }')).toEqual({
      enabled: true,
      format: 'json',
      fields: ['status'],
      sample: 0.1,
      filter: 'error',
    });
  });

  it('takes sizes, ages and files', () => {
    const text = `${rest}logging: { output: "${folder}/x.log", rotate: { max_size: 10MB, max_files: 3, max_age: 30d } }`;
    expect(problemsOf(text)).toEqual([]);
    expect(warningsOf(text)).toEqual([]);
    expect(loadConfigText(text, 'x.yaml', { modes: ['http'] }).config.logging.rotate).toEqual({
      max_size: 10_000_000,
      max_files: 3,
      max_age: 30 * 86_400_000,
    });
  });

  it.each([
    ['output: FOLDER/none/x.log', 'logging.output is in "FOLDER/none", which does not exist'],
    ['output: FOLDER/file/x.log', 'logging.output is in "FOLDER/file", which is no folder'],
    ['output: FOLDER', 'logging.output is a folder, not a file'],
    [
      'access_log: { output: FOLDER/none/x.log }',
      'logging.access_log.output is in "FOLDER/none", which does not exist',
    ],
    ['output: "a\\u0000b"', 'logging.output must be stdout, stderr or the name of a file'],
    ['rotate: { max_size: 100B }', 'logging.rotate.max_size must be at least 1KiB'],
    ['rotate: { max_files: 0 }', 'logging.rotate.max_files must be >= 1'],
    [
      'rotate: { max_age: 5w }',
      'logging.rotate.max_age must be a duration such as 150ms, 5s, 1m30s, 12h or 1d',
    ],
    ['rotate: { max_age: 0d }', 'logging.rotate.max_age must be longer than 0'],
    ['rotate: { max_age: 4000d }', 'logging.rotate.max_age must be at most 3650d'],
    [
      'access_log: { format: common, fields: [status] }',
      "logging.access_log.fields can't be chosen: the format common has its own",
    ],
    [
      'access_log: { filter: "status >= x" }',
      'logging.access_log.filter needs a number such as 500 at character 11',
    ],
    [
      'access_log: { filter: 5 }',
      'logging.access_log.filter must be a filter such as status >= 500 or duration > 1s',
    ],
    ['access_log: { sample: 1.5 }', 'logging.access_log.sample must be <= 1'],
    [
      'access_log: { enabeld: false }',
      'logging.access_log.enabeld is not a known key; did you mean "enabled"?',
    ],
    ['access_log:', 'logging.access_log must be true or false or a mapping of keys to values, but is empty'],
  ])('refuses %s', (section, problem) => {
    const text = `${rest}logging: { ${section} }`.replaceAll('FOLDER', folder);
    const [line] = problemsOf(text);
    expect(line?.replace(/^x\.yaml:2:\d+ /, '')).toBe(problem.replaceAll('FOLDER', folder));
    expect(line).toMatch(/^x\.yaml:2:\d+ /);
  });

  it('looks for files beside the config', () => {
    const text = `${rest}logging: { output: logs/x.log }`;
    const problems = (file: string): unknown => {
      try {
        return loadConfigText(text, file, { modes: ['http'] }).warnings;
      } catch (error) {
        return String(error);
      }
    };
    expect(problems(join(folder, 'x.yaml'))).toContain('logs", which does not exist');
    expect(problemsOf(text.replace('logs/', './'))).toEqual([]);
  });

  it('warns of what has no effect', () => {
    expect(warningsOf(`${rest}logging: { rotate: {} }`)).toEqual([
      'x.yaml:2:12 logging.rotate has no effect: no output is a file',
    ]);
    expect(warningsOf(`mode: tcp\n${rest}logging: { access_log: { format: combined } }`)).toEqual([
      'x.yaml:3:34 logging.access_log.format has no lines for tunnels: those of mode tcp are not logged',
    ]);
  });
});
