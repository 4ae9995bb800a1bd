/** The part of `process` that says how it was started. */
export interface StartedProcess {
  /** The program as it was typed. */
  readonly argv0: string;
  readonly execArgv: readonly string[];
  readonly argv: readonly string[];
}

/**
 * The command line that starts this program again. The program is looked up in PATH anew, and links on the way to the script are followed
 * anew: so it is a new version once either leads to one.
 */
export function ownCommand({ argv0, execArgv, argv }: StartedProcess): readonly string[] {
  return [argv0, ...execArgv, ...argv.slice(1)];
}
