import { describe, expect, it } from 'vitest';
import { describeFailure, exitCodeOf } from '../../../../src/cli/process/exit-code.ts';
import { BalanceError } from '../../../../src/errors.ts';

const configError = new BalanceError('config_invalid', 'a.yaml:1:1 wrong\na.yaml:2:1 too');
const inUse = new BalanceError('address_in_use', '0.0.0.0:80 is in use');

describe('exitCodeOf', () => {
  it('is 2 for a wrong config and 1 for every other failure', () => {
    expect(exitCodeOf(configError)).toBe(2);
    expect(exitCodeOf(inUse)).toBe(1);
    expect(exitCodeOf(new Error('surprise'))).toBe(1);
    expect(exitCodeOf('text')).toBe(1);
  });
});

describe('describeFailure', () => {
  it('prints all lines of a config error as they are', () => {
    expect(describeFailure(configError)).toBe('a.yaml:1:1 wrong\na.yaml:2:1 too');
  });

  it('prints one line for what an operator can expect', () => {
    expect(describeFailure(inUse)).toBe('balance: 0.0.0.0:80 is in use');
    expect(describeFailure(Object.assign(new Error('listen EACCES'), { code: 'EACCES' }))).toBe(
      'balance: listen EACCES',
    );
  });

  it('keeps the stack of what nobody foresaw', () => {
    expect(describeFailure(new TypeError('x is not a function'))).toContain('exit-code.test.ts');
  });
});
