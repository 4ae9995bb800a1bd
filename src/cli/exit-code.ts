import { BalanceError, messageOf, systemCodeOf } from '../errors.ts';

/** What the process tells the one who started it. */
export const exitCode = {
  /** Did what was asked, or drained after a signal. */
  ok: 0,
  /** Something outside of the config failed: an address in use, a plugin, a second signal during the drain. */
  failed: 1,
  /** The config or the command line is wrong: the same call will fail again. */
  usage: 2,
} as const;

/** Config errors are the caller's to mend (2); everything else is a failure (1). */
export function exitCodeOf(thrown: unknown): number {
  return thrown instanceof BalanceError && thrown.code === 'config_invalid'
    ? exitCode.usage
    : exitCode.failed;
}

/**
 * What an operator reads about an error: its message. The stack is added only to what nobody
 * foresaw, where it is the one clue.
 */
export function describeFailure(thrown: unknown): string {
  if (thrown instanceof BalanceError) {
    return thrown.code === 'config_invalid' ? thrown.message : `balance: ${thrown.message}`;
  }
  if (systemCodeOf(thrown) !== '' || !(thrown instanceof Error)) return `balance: ${messageOf(thrown)}`;
  return `balance: unexpected error: ${thrown.stack ?? thrown.message}`;
}
