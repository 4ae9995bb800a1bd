import { BalanceError } from '../../errors.ts';

/** The error of work on a generation that was aborted meanwhile. */
export function takenBack(): BalanceError {
  return new BalanceError('shutdown', 'the edit was taken back');
}
