/** The system error code (`ECONNREFUSED`, `EADDRINUSE` …) of anything that was thrown, or ''. */
export function systemCodeOf(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return '';
  return typeof thrown.code === 'string' ? thrown.code : '';
}

/** This process or this machine has too little of something: descriptors, buffers, memory. */
const SHORTAGES: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM']);

/**
 * Returns the system error code when an operation failed because this process or machine ran short of something, and '' otherwise.
 * Such a failure says nothing about the peer or the file. Of several errors (one for each address of a name) one shortage is
 * enough: with more at hand, that address might have answered.
 */
export function shortageOf(thrown: unknown): string {
  if (thrown instanceof AggregateError)
    return thrown.errors.map(shortageOf).find((code) => code !== '') ?? '';
  const code = systemCodeOf(thrown);
  return SHORTAGES.has(code) || lacksPort(thrown, code) ? code : '';
}

/** Whether all local ports are taken. Over IPv6 the same code says that this machine has no such address, which is no shortage. */
function lacksPort(thrown: unknown, code: string): boolean {
  if (code !== 'EADDRNOTAVAIL' || typeof thrown !== 'object' || thrown === null) return false;
  const { syscall, address } = thrown as { readonly syscall?: unknown; readonly address?: unknown };
  return syscall === 'connect' && typeof address === 'string' && !address.includes(':');
}

const LEFT_EARLY: ReadonlySet<string> = new Set(['ECONNABORTED', 'ECONNRESET', 'EPROTO']);

/**
 * Whether accepting a connection failed because the client, or the network between, had ended it by then. Any client can cause
 * that, so it says nothing about this machine.
 *
 * Source: accept(2).
 */
export function leftBeforeAccept(thrown: unknown): boolean {
  return LEFT_EARLY.has(systemCodeOf(thrown));
}
