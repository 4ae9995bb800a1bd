import { readFileSync } from 'node:fs';

import { systemCodeOf } from '../../errors.ts';

/** Why there is nothing to say about a process. */
export type MissingProcess = 'gone' | 'unknown';

/** The errors of opening a file in /proc whose process has ended. Other errors, such as EMFILE, say nothing about the process. */
const NO_PROCESS: ReadonlySet<string> = new Set(['ENOENT', 'ESRCH']);

/** What the kernel says about a process. */
export interface ProcessState {
  readonly name: string;
  readonly ended: boolean;
  readonly parent: number;
  /** The same number for all processes of one terminal, or of one service. */
  readonly session: number;
  /** Together with the pid it names one process, since the kernel uses pids again. */
  readonly startedAt: string;
}

/** Reads /proc/[pid]/stat (source: proc(5)). The name in it may hold blanks and brackets. */
export function processState(pid: number): ProcessState | MissingProcess {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const nameEnd = text.lastIndexOf(')');
    const fields = text.slice(nameEnd + 2).split(' ');
    return {
      name: text.slice(text.indexOf('(') + 1, nameEnd),
      ended: fields[0] === 'Z' || fields[0] === 'X',
      parent: Number(fields[1]),
      session: Number(fields[3]),
      startedAt: fields[19] ?? '',
    };
  } catch (error) {
    return NO_PROCESS.has(systemCodeOf(error)) ? 'gone' : 'unknown';
  }
}
