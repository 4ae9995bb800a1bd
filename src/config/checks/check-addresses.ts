import { addressesCollide, parseAddress } from '../address.ts';
import type { Address } from '../address.ts';
import type { Path } from '../problem.ts';
import type { CheckContext } from './check-context.ts';

interface Bound {
  readonly address: Address;
  readonly path: Path;
  /** For messages: what listens there. */
  readonly owner: string;
}

/** No address is bound twice. `admin` and `metrics` share one server where they say exactly the same address; a listener may serve the metrics. */
export function checkAddresses(context: CheckContext): void {
  const { listeners, admin, metrics } = context.config;
  const bound: Bound[] = [];
  for (const [index, listener] of listeners.entries()) {
    const path: Path = ['listeners', index, 'address'];
    bind(
      { address: parseAddress(listener.address), path, owner: `listener ${listener.name}` },
      bound,
      context,
    );
  }
  if (admin !== undefined) {
    bind({ address: parseAddress(admin.listen), path: ['admin', 'listen'], owner: 'admin' }, bound, context);
  }
  if (metrics.enabled && metrics.listener === undefined && metrics.listen !== admin?.listen) {
    const address = parseAddress(metrics.listen);
    bind({ address, path: ['metrics', 'listen'], owner: 'metrics' }, bound, context);
  }
}

function bind(next: Bound, bound: Bound[], context: CheckContext): void {
  const first = bound.find((other) => addressesCollide(other.address, next.address));
  if (first !== undefined) context.error(next.path, `is taken already, by ${first.owner}`);
  bound.push(next);
}
