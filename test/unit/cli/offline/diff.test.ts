import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { diff, type DiffReport } from '../../../../src/cli/offline/diff.ts';
import { CertificateAuthority } from '../../../support/certificates.ts';
import { testContext } from '../test-context.ts';

const folder = mkdtempSync(join(tmpdir(), 'balance-diff-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const before = `
listen: 127.0.0.1:8080
backends:
  - { name: a, address: '127.0.0.1:1' }
  - { name: b, address: '127.0.0.1:2' }
`;

async function compared(after: string, json = false) {
  const files = { before: join(folder, 'a.yaml'), after: join(folder, 'b.yaml') };
  writeFileSync(files.before, before);
  writeFileSync(files.after, after);
  const context = testContext();
  const code = await diff({ command: 'diff', ...files, json }, context);
  return { code, ...context.written(folder) };
}

describe('diff', () => {
  it('exits with 0 when nothing changes', async () => {
    const commented = `# another comment${before}`;
    expect(await compared(commented)).toEqual({ code: 0, stdout: 'nothing changes\n', stderr: '' });
    expect(await compared(commented, true)).toMatchObject({ code: 0 });
  });

  it('exits with 1 and says what changes and what that means, what does most first', async () => {
    const after = before
      .replace('127.0.0.1:8080', '127.0.0.1:8081')
      .replace("  - { name: b, address: '127.0.0.1:2' }\n", '')
      .replace("'127.0.0.1:1' }", "'127.0.0.1:1', weight: 3 }");
    const { code, stdout, stderr } = await compared(after);
    expect(code).toBe(1);
    expect(stderr).toBe('');
    expect(stdout.split('\n').filter((line) => !line.startsWith(' '))).toEqual([
      're-binds  listener default: address 127.0.0.1:8080 → 127.0.0.1:8081',
      'drains    upstream default: backend b removed',
      'hot       upstream default: backend a: weight 1 → 3',
      '',
    ]);
  });

  it('says when an address changes hands', async () => {
    const { code, stdout } = await compared(before.replace('127.0.0.1:8080', ':8080'));
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^re-binds {2}listener default: address .*\n +binds :8080 in the place of listener default at/,
    );
  });

  it('writes the changes as JSON', async () => {
    const { code, stdout } = await compared(
      before.replace("'127.0.0.1:1' }", "'127.0.0.1:1', weight: 3 }"),
      true,
    );
    expect(code).toBe(1);
    expect((JSON.parse(stdout) as DiffReport).changes).toEqual([
      {
        path: 'upstreams[default].backends[a].weight',
        kind: 'changed',
        effect: 'hot',
        summary: 'upstream default: backend a: weight 1 → 3',
        before: 1,
        after: 3,
      },
    ]);
  });

  it('exits with 2 and lists the problems when a file can not be used', async () => {
    expect(await compared('listen: nowhere\n')).toMatchObject({ code: 2, stdout: '' });
    expect((await compared('listen: nowhere\n')).stderr).toContain('b.yaml:1:9 listen');
    const context = testContext();
    expect(await diff({ command: 'diff', before: 'no.yaml', after: 'no.yaml', json: false }, context)).toBe(
      2,
    );
  });

  it('refuses a certificate that has expired, as the running proxy would, but not one that it uses already', async () => {
    const { chain, key } = new CertificateAuthority().issueExpired();
    writeFileSync(join(folder, 'late.crt'), chain);
    writeFileSync(join(folder, 'late.key'), key);
    const plain = join(folder, 'plain.yaml');
    const late = join(folder, 'late.yaml');
    writeFileSync(plain, before);
    writeFileSync(late, `${before}tls: { cert_file: late.crt, key_file: late.key }\n`);
    const between = async (from: string, to: string) => {
      const context = testContext();
      const code = await diff({ command: 'diff', before: from, after: to, json: false }, context);
      return { code, ...context.written(folder) };
    };
    expect(await between(plain, late)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/late\.yaml:6:19 tls\.cert_file names .* which expired on /) as string,
    });
    expect(await between(late, plain)).toMatchObject({ code: 1, stderr: '' });
    expect(await between(late, late)).toEqual({ code: 0, stdout: 'nothing changes\n', stderr: '' });
  });
});
