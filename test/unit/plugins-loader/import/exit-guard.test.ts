import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';

import { ExitGuard } from '../../../../src/plugins/import/exit-guard.ts';
import { owned } from '../../../support/owned.ts';
import { plainPlugin, PluginLab, pluginFolder, HOST } from '../../../support/labs/plugin-lab.ts';

/** Exits of the process, which does not exit meanwhile. */
function exits(): unknown[] {
  const before: typeof process.exit = Reflect.get(process, 'exit');
  const codes: unknown[] = [];
  process.exit = ((code: unknown) => codes.push(code)) as unknown as typeof process.exit;
  onTestFinished(() => {
    process.exit = before;
  });
  return codes;
}

type Exiting = Readonly<Record<'now' | 'later', (code?: number) => unknown>>;

async function stranger(): Promise<{ folder: string; code: Exiting }> {
  const folder = await pluginFolder({
    'exiting.mjs': `
export const now = (code) => process.exit(code);
export const later = () => new Promise((resolve) => setTimeout(() => { try { resolve(process.exit()); } catch (error) { resolve(error); } }, 1));`,
  });
  return { folder, code: (await import(pathToFileURL(join(folder, 'exiting.mjs')).href)) as Exiting };
}

describe('the exit guard', () => {
  it('throws when code of a protected folder exits, now or later', async () => {
    const codes = exits();
    const { folder, code } = await stranger();
    const guard = owned(new ExitGuard());
    guard.protect(folder);
    expect(() => code.now(3)).toThrow('a plugin called process.exit(3)');
    expect(await code.later()).toMatchObject({ code: 'plugin_failed' });
    expect(codes).toEqual([]);
  });

  it('throws when nobody but a timer exits', async () => {
    const codes = exits();
    owned(new ExitGuard()).protect('/anywhere');
    const thrown = await new Promise((resolve) => {
      const exit: () => void = Reflect.get(process, 'exit');
      // What the test runner does about stray errors is of no interest here.
      const listeners = process.listeners('uncaughtException');
      process.removeAllListeners('uncaughtException');
      process.once('uncaughtException', (error) => {
        for (const listener of listeners) process.on('uncaughtException', listener);
        resolve(error);
      });
      setTimeout(exit, 1);
    });
    expect(thrown).toMatchObject({ code: 'plugin_failed' });
    expect(codes).toEqual([]);
  });

  it('lets everybody else exit, and everybody once it is closed', async () => {
    const codes = exits();
    const { folder, code } = await stranger();
    const guard = new ExitGuard();
    guard.protect('/anywhere/else');
    code.now(1);
    process.exit(2);
    guard.protect(folder);
    guard.close();
    code.now(3);
    expect(codes).toEqual([1, 2, 3]);
  });

  it('gives way to whoever replaced the function after it', async () => {
    const codes = exits();
    const { folder, code } = await stranger();
    const guard = new ExitGuard();
    guard.protect(folder);
    const guarded: typeof process.exit = Reflect.get(process, 'exit');
    const later = ((value: number) => guarded(value)) as typeof process.exit;
    process.exit = later;
    guard.close();
    expect(Reflect.get(process, 'exit')).toBe(later);
    code.now(4);
    expect(codes).toEqual([4]);
  });
});

describe('a plugin that exits', () => {
  it('when it provisions is refused', async () => {
    const codes = exits();
    const lab = new PluginLab(
      await pluginFolder({
        'one.mjs': plainPlugin('one').replace('(options) => (', '(options) => process.exit(5) ?? ('),
      }),
    );
    const { plugins } = await lab.prepare();
    await expect(async () => plugins.get('one')!.provision({}, HOST)).rejects.toThrow(
      'listener test: plugin one failed: a plugin called process.exit(5)',
    );
    expect(codes).toEqual([]);
  });
});
