import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { accepts } from '../support/addresses/accepts.ts';

const startLimitMs = 15_000;
const stopLimitMs = 10_000;

export interface RunningProcess {
  readonly pid: number;
  stop(): Promise<void>;
}

/** Every process that the benchmark starts, so that none outlives it. */
export class Processes {
  readonly #children = new Set<ChildProcess>();

  /** Starts a server and resolves once it accepts connections on that port. */
  async startServer(
    command: readonly string[],
    port: number,
    env: NodeJS.ProcessEnv = {},
  ): Promise<RunningProcess> {
    const child = this.#spawn(command, env);
    let output = '';
    child.stdout?.on('data', (text: Buffer) => (output = (output + text.toString()).slice(-4000)));
    child.stderr?.on('data', (text: Buffer) => (output = (output + text.toString()).slice(-4000)));
    const deadline = Date.now() + startLimitMs;
    while (!(await accepts(port))) {
      if (isOver(child) || child.pid === undefined || Date.now() > deadline) {
        await stop(child);
        throw new Error(`${command.join(' ')} did not start:\n${output}`);
      }
      await delay(20);
    }
    if (child.pid === undefined) throw new Error(`${command.join(' ')} did not start`);
    return { pid: child.pid, stop: () => stop(child) };
  }

  /** Starts a program and resolves once it has printed a line that begins with `word`, with the rest of the line. */
  async startClient(command: readonly string[], word: string): Promise<RunningProcess & { said: string }> {
    const child = this.#spawn(command, {});
    let output = '';
    const said = await new Promise<string>((resolve, reject) => {
      child.stdout?.on('data', (text: Buffer) => {
        output += text.toString();
        const rest = new RegExp(`^${word} (.*)\n`, 'm').exec(output)?.[1];
        if (rest !== undefined) resolve(rest);
      });
      child.stderr?.on('data', (text: Buffer) => (output += text.toString()));
      child.once('error', reject);
      child.once('exit', () => {
        reject(new Error(`${command.join(' ')} ended:\n${output}`));
      });
    });
    return { pid: child.pid ?? 0, said, stop: () => stop(child) };
  }

  /** Runs a command to its end and resolves with what it printed. */
  async output(command: readonly string[]): Promise<string> {
    const child = this.#spawn(command, {});
    const chunks: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk));
    const [code] = (await once(child, 'close')) as [number | null];
    const text = Buffer.concat(chunks).toString();
    if (code !== 0) throw new Error(`${command.join(' ')} failed:\n${text}`);
    return text;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#children].map(stop));
  }

  #spawn(command: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
    const [file = '', ...args] = command;
    // A group of its own: Ctrl-C reaches the benchmark alone, which then stops the others in order.
    const child = spawn(file, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#children.add(child);
    child.once('error', () => this.#children.delete(child));
    child.once('close', () => this.#children.delete(child));
    return child;
  }
}

function isOver(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || isOver(child)) return;
  const exited = once(child, 'exit');
  const force = setTimeout(() => child.kill('SIGKILL'), stopLimitMs);
  child.kill('SIGTERM');
  await exited;
  clearTimeout(force);
}
