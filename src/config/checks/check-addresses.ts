import { addressesCollide, parseAddress } from '../values/address.ts';
import type { Address } from '../values/address.ts';
import type { Path } from '../problems/problem.ts';
import type { CheckContext } from './check-context.ts';

interface Bound {
  readonly address: Address;
  readonly path: Path;
  /** What listens there, for messages. */
  readonly owner: string;
  /** The listener's name, when it can serve the metrics itself. */
  readonly server?: string;
}

/**
 * Refuses an address that is bound twice. `admin` and `metrics` may have the same address: one server then serves both. The metrics may also
 * have the address of an HTTP listener, which then serves them.
 */
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

/** Records an address, or reports that another part has it already. `hint` adds what to do then. */
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

/** A hint for metrics at the address of an HTTP listener: the listener can serve them itself, which is mostly what was meant. */
function serverHint({ server }: Bound): string {
  return server === undefined ? '' : `; to have it serve them, write metrics.listener: ${server} instead`;
}

/** Warns of socket permissions at an address that is no unix socket: there is no file that could have them. */
export function checkSocketModes(context: CheckContext): void {
  const { listeners, admin, metrics } = context.config;
  for (const [index, { address, socket_mode: mode }] of listeners.entries())
    checkSocketMode(['listeners', index, 'socket_mode'], address, mode, context);
  if (admin !== undefined)
    checkSocketMode(['admin', 'socket_mode'], admin.listen, admin.socket_mode, context);
  checkSocketMode(['metrics', 'socket_mode'], metrics.listen, metrics.socket_mode, context);
}

function checkSocketMode(path: Path, address: string, mode: number | undefined, context: CheckContext): void {
  if (mode !== undefined && parseAddress(address).kind !== 'unix')
    context.warn(path, 'has no effect: the address is no unix socket');
}
