import { addressesCollide, parseAddress } from '../values/address.ts';
import type { Address } from '../values/address.ts';
import type { Path } from '../problems/problem.ts';
import type { CheckContext } from './check-context.ts';

interface Bound {
  readonly address: Address;
  readonly path: Path;
  /** What listens there, for messages. */
  readonly owner: string;
  /** The name of a listener that can serve the metrics itself. */
  readonly server?: string;
}

/** No address is bound twice. `admin` and `metrics` share one server where they say exactly the same address; a listener may serve the metrics. */
export function checkAddresses(context: CheckContext): void {
  const { listeners, admin, metrics } = context.config;
  const bound: Bound[] = [];
  for (const [index, listener] of listeners.entries()) {
    const path: Path = ['listeners', index, 'address'];
    const { name, mode } = listener;
    const address = parseAddress(listener.address);
    const next = { address, path, owner: `listener ${name}` };
    bind(mode === 'http' ? { ...next, server: name } : next, bound, context);
  }
  if (admin !== undefined) {
    bind({ address: parseAddress(admin.listen), path: ['admin', 'listen'], owner: 'admin' }, bound, context);
  }
  if (metrics.enabled && metrics.listener === undefined && metrics.listen !== admin?.listen) {
    const address = parseAddress(metrics.listen);
    bind({ address, path: ['metrics', 'listen'], owner: 'metrics' }, bound, context, serverHint);
  }
}

/** Records an address. `hint` adds what to do when another one has the address already. */
function bind(
  next: Bound,
  bound: Bound[],
  context: CheckContext,
  hint: (first: Bound) => string = () => '',
): void {
  const first = bound.find((other) => addressesCollide(other.address, next.address));
  if (first !== undefined) context.error(next.path, `is taken already, by ${first.owner}${hint(first)}`);
  bound.push(next);
}

/** The metrics can be on the port of a listener, which is what such an address mostly means. */
function serverHint({ server }: Bound): string {
  return server === undefined ? '' : `; to have it serve them, write metrics.listener: ${server} instead`;
}
