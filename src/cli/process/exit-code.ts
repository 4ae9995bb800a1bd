import { BalanceError, messageOf, systemCodeOf } from '../../errors.ts';

/** The exit codes of the program. */
export const exitCode = {
  /** The command did what it was asked to do, or the proxy drained after a signal. */
  ok: 0,
  /** Something other than the config failed: an address is in use, a plugin failed, a second signal came during the drain. */
  failed: 1,
  /** The config or the command line is wrong: the same call will fail again. */
  usage: 2,
} as const;

/** A failure of which nothing is to be said: the version before has it in its log, as the reason why an upgrade changed nothing. */
export class ToldFailure extends Error {
  constructor(failure: BalanceError) {
    super(failure.message, { cause: failure });
  }
}

/** 2 for a wrong config, which the caller can correct; 1 for every other failure. */
export function exitCodeOf(thrown: unknown): number {
  return thrown instanceof BalanceError && thrown.code === 'config_invalid'
    ? exitCode.usage
    : exitCode.failed;
}

/**
 * The text that an operator reads about an error: its message. An unforeseen error has its stack too, because that is the only
 * clue.
 */
export function describeFailure(thrown: unknown): string {
  if (thrown instanceof BalanceError) {
    return thrown.code === 'config_invalid' ? thrown.message : `balance: ${thrown.message}`;
  }
  if (systemCodeOf(thrown) !== '' || !(thrown instanceof Error)) return `balance: ${messageOf(thrown)}`;
  return `balance: unexpected error: ${thrown.stack ?? thrown.message}`;
}
