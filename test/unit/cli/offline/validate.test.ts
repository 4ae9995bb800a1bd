import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { validate, type ValidateReport } from '../../../../src/cli/offline/validate.ts';
import { testContext } from '../test-context.ts';

const folder = mkdtempSync(join(tmpdir(), 'balance-validate-'));

afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function validated(
  text: string,
  env: NodeJS.ProcessEnv = {},
  options: { readonly strict?: boolean; readonly json?: boolean } = {},
) {
  const file = join(folder, 'config.yaml');
  writeFileSync(file, text);
  const context = testContext(env);
  const line = { command: 'validate', configFile: file, strict: false, json: false, ...options } as const;
  const code = await validate(line, context);
  const { stdout, stderr } = context.written();
  return { code, stdout: stdout.replaceAll(file, 'FILE'), stderr: stderr.replaceAll(file, 'FILE') };
}

describe('validate', () => {
  it('counts what the file holds', async () => {
    const backends = ['a', 'b', 'c'].map(
      (name, index) => `  - { name: ${name}, address: "localhost:${9001 + index}" }\n`,
    );
    expect(await validated(`mode: http\nlisten: ":8080"\nbackends:\n${backends.join('')}`)).toEqual({
      code: 0,
      stdout: 'FILE is valid: 1 listener, 1 upstream, 3 backends\n',
      stderr: '',
    });
  });

  it('reads environment variables where the file asks for them', async () => {
    const text = 'mode: tcp\nlisten: ":${env:PORT}"\nbackends:\n  - { name: a, address: "localhost:9001" }\n';
    expect(await validated(text, { PORT: '8080' })).toMatchObject({ code: 0 });
    await expect(validated(text, { PORT: 'eighty' })).rejects.toMatchObject({ code: 'config_invalid' });
  });

  it('shows warnings, and the file is valid all the same', async () => {
    const result = await validated('mode: http\nlisten: ":8080"\n');
    expect(result.code).toBe(0);
    expect(result.stderr).toMatch(/^warning: FILE/);
  });

  it('throws all problems at once', async () => {
    const text = 'mode: http\nlisten: nowhere\nbackends:\n  - { name: a, address: "localhost:99999" }\n';
    await expect(validated(text)).rejects.toThrow(/:2:\d+ .*\n.*:4:\d+ /);
  });

  it('finds what a start would stumble over only when it builds', async () => {
    const text = `listen: ':1'\nplugins: { directory: . }\nmode: picky\nbackends: [{ address: 'a:1' }]\n`;
    const plugin = `export default { apiVersion: 2, name: 'picky', provision() { throw new Error('no way'); } };`;
    writeFileSync(join(folder, 'picky.mjs'), plugin);
    await expect(validated(text)).rejects.toThrow('plugin picky failed: no way');
    const { code, stdout } = await validated(text, {}, { json: true });
    expect(code).toBe(2);
    expect((JSON.parse(stdout) as ValidateReport).problems).toMatchObject([
      { line: 0, message: expect.stringContaining('plugin picky failed: no way') as string },
    ]);
    rmSync(join(folder, 'picky.mjs'));
  });

  const doubtful = `listen: ':1'\nbackends: [{ name: a, address: 'a:1' }, { name: b, address: 'a:1' }]\n`;

  it('looks for more and takes warnings for errors when it is strict', async () => {
    expect(await validated(doubtful)).toMatchObject({ code: 0, stderr: '' });
    const { code, stdout, stderr } = await validated(doubtful, {}, { strict: true });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr.split('\n')).toEqual([
      'error: FILE:2:1 backends have no health_check: one that is down goes on getting its share',
      expect.stringContaining('error: FILE:2:61 backends[1].address is the address of a too') as string,
      'FILE is valid, but --strict takes no warnings',
      '',
    ]);
    const sound = `listen: ':1'\nbackends: [{ name: a, address: 'a:1' }]\n`;
    expect(await validated(sound, {}, { strict: true })).toMatchObject({ code: 0, stderr: '' });
  });

  it('writes problems and warnings as JSON', async () => {
    const strict = await validated(doubtful, {}, { strict: true, json: true });
    expect(strict).toMatchObject({ code: 2, stderr: '' });
    expect(JSON.parse(strict.stdout)).toMatchObject({
      file: 'FILE',
      valid: false,
      problems: [],
      warnings: [{ file: 'FILE', line: 2, column: 1, path: 'backends' }, { path: 'backends[1].address' }],
      counts: { listeners: 1, upstreams: 1, backends: 2 },
    });
    const wrong = await validated('listen: nowhere\n', {}, { json: true });
    expect(wrong).toMatchObject({ code: 2, stderr: '' });
    expect(JSON.parse(wrong.stdout)).toMatchObject({
      valid: false,
      problems: [{ file: 'FILE', line: 1, column: 9, path: 'listen' }],
    });
    expect(await validated(doubtful, {}, { json: true })).toMatchObject({ code: 0 });
  });
});
