import { createHash } from 'node:crypto';

import type { ProtocolHost, Upstream } from '../../../src/plugin-api/index.ts';
import type { Route } from '../config/schema/options.generated.ts';

/** Enough of a hash to tell the upstreams of one split apart. */
const MARK_LENGTH = 12;

/** One of the upstreams that share the requests of a route. */
interface Side {
  readonly upstream: Upstream;
  readonly weight: number;
  /** What the cookie of a client says about it: a hash, because the names of upstreams are nobody's business. */
  readonly mark: string;
}

/** The upstream for one request. */
export interface ChosenSide {
  readonly upstream: Upstream;
  /** The value of the cookie that brings the client here again. */
  readonly mark: string;
}

/** The section `split` of a route: several upstreams that share its requests by weight. */
export class RouteSplit {
  /** Name of the cookie by which a client keeps its side; undefined: each request is drawn anew. */
  readonly cookie: string | undefined;
  readonly #sides: readonly Side[];
  readonly #total: number;

  private constructor(sides: readonly Side[], cookie: string | undefined) {
    this.#sides = sides;
    this.cookie = cookie;
    this.#total = sides.reduce((sum, { weight }) => sum + weight, 0);
  }

  /** undefined for a route without that section. */
  static of(
    { split, split_cookie_name: cookie }: Pick<Route, 'split' | 'split_cookie_name'>,
    host: Pick<ProtocolHost, 'upstream'>,
  ): RouteSplit | undefined {
    if (split === undefined) return undefined;
    const sides = split.map(({ upstream: name, weight }) => ({
      upstream: host.upstream(name, 'keep-alive'),
      weight,
      mark: createHash('sha256').update(name).digest('hex').slice(0, MARK_LENGTH),
    }));
    return new RouteSplit(sides, cookie);
  }

  get upstreams(): readonly Upstream[] {
    return this.#sides.map(({ upstream }) => upstream);
  }

  /** The upstream that a cookie names, unless an edit took its requests away; undefined without one. */
  named(mark: string | undefined): Upstream | undefined {
    return this.#sides.find((side) => side.mark === mark && side.weight > 0)?.upstream;
  }

  /** Draws an upstream by the weights. */
  draw(): ChosenSide | undefined {
    let left = Math.random() * this.#total;
    for (const side of this.#sides) {
      left -= side.weight;
      if (left < 0) return side;
    }
    return this.#sides.findLast(({ weight }) => weight > 0);
  }
}
