import { describe, expect, it } from 'vitest';

import { ConfigError } from '../../../../../src/config/load/config-error.ts';
import { ThreadFailure } from '../../../../../src/config/load/load-thread.ts';
import { BalanceError, ERROR_CODES } from '../../../../../src/errors.ts';
import { PluginError } from '../../../../../src/plugins/checks/plugin-error.ts';
import { QuestionError } from '../../../../../src/runtime/explain/explain-question.ts';
import { fromWire, toWire } from '../../../../../src/runtime/supervisor/link/wire-error.ts';

/** The error after its way to another thread and back. */
function sent(thrown: unknown): Error {
  return fromWire(structuredClone(toWire(thrown)));
}

describe('an error that crosses from a worker', () => {
  it.each(ERROR_CODES)('keeps code, origin, status and message: %s', (code) => {
    const error = new BalanceError(code, 'the pool is gone', { origin: 'upstream', status: 418 });
    expect(sent(error)).toMatchObject({
      name: 'BalanceError',
      code,
      origin: 'upstream',
      status: 418,
      retryable: error.retryable,
      message: 'the pool is gone',
    });
  });

  it('keeps what a PluginError says of the plugin', () => {
    const error = sent(new PluginError('echo', 'it threw', 'plugin echo: it threw', new Error('why')));
    expect(error).toBeInstanceOf(PluginError);
    expect(error).toMatchObject({
      code: 'plugin_failed',
      plugin: 'echo',
      reason: 'it threw',
      message: 'plugin echo: it threw',
      cause: 'why',
    });
  });

  it('keeps all problems of a ConfigError, with their lines', () => {
    const problem = { file: 'a.yaml', line: 3, column: 5, path: 'x', message: 'must be a number' };
    const error = sent(new ConfigError([problem, { ...problem, line: 9 }]));
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toMatchObject({ code: 'config_invalid', problems: [problem, { ...problem, line: 9 }] });
    expect(error.message).toContain('a.yaml:3:5 x must be a number');
  });

  it('keeps a QuestionError, so that the one who asked gets its words', () => {
    const error = sent(new QuestionError('name a listener'));
    expect(error).toBeInstanceOf(QuestionError);
    expect(error.message).toBe('name a listener');
  });

  it('turns a subclass that only the supervisor has into the class that it extends', () => {
    expect(sent(new ThreadFailure('it ended', true))).toMatchObject({
      code: 'internal',
      message: 'it ended',
    });
  });

  it('is internal when it is no error of the proxy', () => {
    expect(sent(new TypeError('x is not a function'))).toMatchObject({
      code: 'internal',
      message: 'x is not a function',
      cause: expect.stringContaining('wire-error.test.ts') as string,
    });
    expect(sent('a text')).toMatchObject({ code: 'internal', message: 'a text' });
  });

  it.each([
    ['a symbol', Symbol('odd')],
    ['nothing', undefined],
    ['an object that no text can be made of', Object.create(null)],
    ['an error that can not be cloned', Object.assign(new Error('odd'), { call: () => 1 })],
  ])('never throws: %s', (_what, thrown) => {
    expect(sent(thrown).message).not.toBe('');
  });
});
