import type { Candidate } from '../contract/balancer.ts';
import { TwoChoices } from './two-choices.ts';

/**
 * Draws two candidates and takes the one with the lower time × (1 + leases) / weight. The time is an average of the times to the first byte
 * of a response that follows a slower response at once, and faster ones by and by. While the time of one of them is not known, only their
 * leases are compared.
 *
 * Source: Finagle, the balancer "Power of Two Choices + Peak EWMA".
 */
export class PeakEwma<C extends Candidate> extends TwoChoices<C> {
  protected override isBetter(one: C, other: C): boolean {
    const areKnown = one.responseMs > 0 && other.responseMs > 0;
    const oneMs = areKnown ? one.responseMs : 1;
    const otherMs = areKnown ? other.responseMs : 1;
    return (
      oneMs * (1 + one.active) * other.weight * other.factor <
      otherMs * (1 + other.active) * one.weight * one.factor
    );
  }
}
