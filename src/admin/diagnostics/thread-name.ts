import { BalanceError } from '../../errors.ts';
import { AdminError } from '../endpoint/admin-error.ts';

/** `main`: the thread of the supervisor. A number: a worker. Where one thread does all, `main` and worker 1 are the same. */
export type ThreadName = 'main' | number;

/** The threads that there are. */
export interface ThreadNames {
  workers(): readonly { readonly id: number }[];
}

/** The thread that `worker=` names; undefined without it. Throws an AdminError that names the threads when there is no such one. */
export function threadOf(query: URLSearchParams, names: ThreadNames): ThreadName | undefined {
  const text = query.get('worker');
  if (text === null) return undefined;
  const threads: ThreadName[] = ['main', ...names.workers().map(({ id }) => id)];
  const found = threads.find((name) => String(name) === text);
  if (found === undefined) throw new AdminError(400, 'bad_query', `worker must be ${oneOf(threads)}`);
  return found;
}

/** As {@link threadOf}, where several threads leave no choice but to name one. */
export function onlyThreadOf(query: URLSearchParams, names: ThreadNames): ThreadName {
  const named = threadOf(query, names);
  if (named !== undefined) return named;
  const workers = names.workers();
  if (workers.length === 1) return 'main';
  const threads: ThreadName[] = ['main', ...workers.map(({ id }) => id)];
  throw new AdminError(400, 'bad_query', `worker is missing: it must be ${oneOf(threads)}`);
}

function oneOf(threads: readonly ThreadName[]): string {
  return `${threads.slice(0, -1).join(', ')} or ${String(threads.at(-1))}`;
}

/** An error that says that the asked worker does not answer is no fault of the endpoint. All others stay as they are. */
export function silenceOf(error: unknown): unknown {
  const isSilent =
    error instanceof BalanceError && (error.code === 'worker_gone' || error.code === 'worker_hung');
  return isSilent ? new AdminError(503, error.code, error.message) : error;
}
