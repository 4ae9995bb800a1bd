import { spawn, spawnSync } from 'node:child_process';

/** What a command wrote, and how it ended. */
export interface ToolOutcome {
  readonly code: number | null;
  readonly stdout: string;
  /** stdout and stderr in one. */
  readonly text: string;
}

export interface ToolInput {
  /** Written to stdin, which then ends. */
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** After this time the command is ended. */
  readonly limitMs?: number;
}

/** Whether a command is there. A test that needs it is skipped where it is not. */
export function isInstalled(command: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
}

/** Runs a command beside a proxy of this process, which a synchronous call would stop. */
export function runTool(
  command: string,
  args: readonly string[],
  { input = '', env = {}, cwd, limitMs = 45_000 }: ToolInput = {},
): Promise<ToolOutcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: { ...process.env, ...env },
      timeout: limitMs,
      killSignal: 'SIGKILL',
      ...(cwd === undefined ? {} : { cwd }),
    });
    let stdout = '';
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      stdout += part;
      text += part;
    });
    child.stderr.setEncoding('utf8').on('data', (part: string) => (text += part));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code, stdout, text });
    });
  });
}
