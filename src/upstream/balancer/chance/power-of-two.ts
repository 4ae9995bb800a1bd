import type { Candidate } from '../contract/balancer.ts';
import { TwoChoices } from './two-choices.ts';

/** Draws two candidates and takes the one with fewer leases for its weight. */
export class PowerOfTwo<C extends Candidate> extends TwoChoices<C> {
  // active / weight, compared without a division
  protected override isBetter(one: C, other: C): boolean {
    return one.active * other.weight * other.factor < other.active * one.weight * one.factor;
  }
}
