import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import type { CommandContext } from '../../../src/cli/process/command-context.ts';

/** A process for one command that runs to its end, and what it wrote. */
export function testContext(env: NodeJS.ProcessEnv = {}) {
  const stdout = new PassThrough({ encoding: 'utf8', highWaterMark: 2 ** 24 });
  const stderr = new PassThrough({ encoding: 'utf8', highWaterMark: 2 ** 24 });
  const context: CommandContext = {
    env,
    stdout,
    stderr,
    process: new EventEmitter(),
  };
  const textOf = (stream: PassThrough): string => (stream.read() as string | null) ?? '';
  return {
    ...context,
    /** What was written since the last call; `folder` is left out of paths. */
    written: (folder = '') => {
      const shorten = (text: string): string => (folder === '' ? text : text.replaceAll(`${folder}/`, ''));
      return { stdout: shorten(textOf(stdout)), stderr: shorten(textOf(stderr)) };
    },
  };
}
