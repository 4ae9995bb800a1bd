import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';

import { SessionKey } from '../../../../../src/runtime/reload/history/session-key.ts';
import { loadConfigText } from '../../../../support/labs/load-config.ts';
import { RecordingLogger } from '../../../../support/recording-logger.ts';

const KEPT = 'a'.repeat(64);
const OWN = 'b'.repeat(64);

/** A loaded config whose sticky cookies have no key. */
function config(folder?: string): Parameters<SessionKey['of']>[0] {
  const history = folder === undefined ? '' : `reload: { history_dir: "${folder}" }`;
  const { config } = loadConfigText(
    `
listen: "127.0.0.1:0"
backends: [{ address: "127.0.0.1:1" }]
sticky: {}
${history}
`,
    'x.yaml',
    { env: {}, modes: ['http'] },
  );
  return { config, file: '/nowhere/balance.yaml' };
}

async function folder(key?: string): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'balance-key-'));
  onTestFinished(() => rm(path, { recursive: true }));
  if (key !== undefined) await writeFile(join(path, 'sticky.key'), `${key}\n`);
  return path;
}

describe('the key of sticky cookies', () => {
  it('is the one in the folder, at a start', async () => {
    const key = new SessionKey(new RecordingLogger());
    expect(key.current).toBeUndefined();
    expect(await key.of(config(await folder(KEPT)))).toBe(KEPT);
    expect(key.current).toBe(KEPT);
  });

  it('is written where an edit names a folder, in place of one that nobody uses any more', async () => {
    const path = await folder(KEPT);
    const key = new SessionKey(new RecordingLogger());
    const own = await key.of(config());
    expect(await key.of(config(path))).toBe(own);
    expect(await readFile(join(path, 'sticky.key'), 'utf8')).toBe(`${String(own)}\n`);
    expect((await stat(join(path, 'sticky.key'))).mode & 0o777).toBe(0o600);
    expect(await new SessionKey(new RecordingLogger()).of(config(path))).toBe(own);
  });

  it('is that of the process before, which goes before the one in the folder', async () => {
    expect(await new SessionKey(new RecordingLogger(), OWN).of(config())).toBe(OWN);
    const path = await folder(KEPT);
    expect(await new SessionKey(new RecordingLogger(), OWN).of(config(path))).toBe(OWN);
    expect(await readFile(join(path, 'sticky.key'), 'utf8')).toBe(`${OWN}\n`);
  });

  it('is another one, with a warning, where the file holds none', async () => {
    const logger = new RecordingLogger();
    const path = await folder('broken');
    expect(await new SessionKey(logger).of(config(path))).toMatch(/^[0-9a-f]{64}$/);
    expect(logger.lines.join()).toContain('holds no key');
    expect(await readFile(join(path, 'sticky.key'), 'utf8')).toBe('broken\n');
  });
});
