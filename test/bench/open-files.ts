import { spawnSync } from 'node:child_process';

/** Enough for 50,000 clients, each with a connection to the backend. */
const WANTED = 131_072;

/** The command that runs `command` with a raised limit of open files, where it can be raised. The pid stays the command's. */
export function withOpenFiles(command: readonly string[]): readonly string[] {
  const raised = ['prlimit', `--nofile=${WANTED}:${WANTED}`];
  const [program = '', ...args] = raised;
  return spawnSync(program, [...args, 'true']).status === 0 ? [...raised, ...command] : command;
}
