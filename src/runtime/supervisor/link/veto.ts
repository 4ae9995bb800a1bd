import { BalanceError } from '../../../errors.ts';
import { fromWire, toWire, type WireError } from './wire-error.ts';

/** A worker that refused, and why. */
export interface Refusal {
  /** As people see it. */
  readonly worker: number;
  readonly error: unknown;
}

/** Errors whose message names the worker already. */
const NAMES_WORKER: ReadonlySet<string> = new Set(['worker_gone', 'worker_hung']);

/**
 * Why workers refuse an edit, as one error: that of the first one by number. It says which worker it came from, unless all of them say the
 * same: then the reason is the edit's own.
 *
 * @param refusals by the numbers of the workers, at least one
 * @param asked how many workers were asked
 */
export function veto(refusals: readonly Refusal[], asked: number): Error {
  const wires = refusals.map(({ worker, error }) => ({ worker, wire: toWire(error) }));
  const [first] = wires;
  if (first === undefined) return new BalanceError('internal', 'no worker refused');
  const { worker, wire } = first;
  const others = wires.filter((other) => messageIn(other.wire) !== messageIn(wire));
  if (others.length === 0 && refusals.length === asked) return fromWire(wire);
  const also =
    others.length === 0 ? '' : `; also: ${others.map((other) => `worker ${other.worker}`).join(', ')}`;
  const isNamed = wire.kind === 'balance' && NAMES_WORKER.has(wire.code);
  return fromWire(withEnding(wire, `${isNamed ? '' : ` (worker ${worker})`}${also}`));
}

function messageIn(wire: WireError): string {
  return wire.kind === 'config' ? wire.problems.map(({ message }) => message).join('\n') : wire.message;
}

function withEnding(wire: WireError, ending: string): WireError {
  if (wire.kind === 'plugin')
    return { ...wire, message: `${wire.message}${ending}`, reason: `${wire.reason}${ending}` };
  if (wire.kind !== 'config') return { ...wire, message: `${wire.message}${ending}` };
  return { ...wire, problems: wire.problems.map((one) => ({ ...one, message: `${one.message}${ending}` })) };
}
