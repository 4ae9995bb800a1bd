import { parseAddress } from '../values/address.ts';
import type { Path } from '../problems/problem.ts';
import type { CheckContext } from './check-context.ts';

/** Permissions are asked for only where there is a file to have them. */
export function checkSocketModes(context: CheckContext): void {
  const { listeners, admin, metrics } = context.config;
  for (const [index, { address, socket_mode: mode }] of listeners.entries())
    check(['listeners', index, 'socket_mode'], address, mode, context);
  if (admin !== undefined) check(['admin', 'socket_mode'], admin.listen, admin.socket_mode, context);
  check(['metrics', 'socket_mode'], metrics.listen, metrics.socket_mode, context);
}

function check(path: Path, address: string, mode: number | undefined, context: CheckContext): void {
  if (mode !== undefined && parseAddress(address).kind !== 'unix')
    context.warn(path, 'has no effect: the address is no unix socket');
}
