import { getSystemErrorName } from 'node:util';

/** What the runtime would throw or emit for a call that failed; `reason` is a code like `ECONNRESET`, or the system's number for it. */
export function systemError(syscall: 'read' | 'write' | 'connect', reason: string | number): Error {
  const code = typeof reason === 'string' ? reason : getSystemErrorName(reason);
  return Object.assign(new Error(`${syscall} ${code}`), { code, syscall });
}
