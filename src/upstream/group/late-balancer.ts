import type { Balancer, PickContext } from '../balancer/balancer.ts';
import type { Member } from '../member.ts';

/** A balancer that is made when somebody needs it. */
export class LateBalancer implements Balancer<Member> {
  readonly #make: () => Balancer<Member>;
  #made: Balancer<Member> | undefined;

  constructor(make: () => Balancer<Member>) {
    this.#make = make;
  }

  pick(context: PickContext): Member | undefined {
    this.#made ??= this.#make();
    return this.#made.pick(context);
  }
}
