import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, readdirSync, readlinkSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { rest } from '../../soak/traffic.ts';
import { readStalls, type Stall } from './stall-log.ts';
import type { ReloadTarget, TargetSample } from './reload-target.ts';

const START_LIMIT_MS = 20_000;
const STOP_LIMIT_MS = 15_000;
const KEPT_FAULTS = 50;
/** The compiled program and probe, seen from the compiled place of this file. */
const PROGRAM = fileURLToPath(new URL('../../../src/cli/main.js', import.meta.url));
const PROBE = new URL('stall-probe.js', import.meta.url).href;
/** Log lines about bad edits of configs and plugins, which the test makes on purpose. */
const EXPECTED = /config not reloaded|plugin refused|plugin file missing/;

interface Status {
  readonly generation: number;
  readonly draining_generations: number;
  readonly memory: { readonly rss_bytes: number; readonly heap_used_bytes: number };
  readonly listeners: readonly { readonly accept_descriptors: number }[];
}

export interface ProcessTargetOptions {
  readonly configFile: string;
  readonly adminPort: number;
  /** Where the stalls of its event loop are written. */
  readonly stallLog: string;
  /** Where its log lines are kept. */
  readonly log: string;
}

/** The built proxy in a process of its own, seen from outside. */
export class ProcessTarget implements ReloadTarget {
  readonly faults: string[] = [];
  /** Lines of its log by level. */
  readonly logLines = new Map<string, number>();
  readonly pid: number;
  reload: ReloadTarget['reload'];
  readonly #child: ChildProcess;
  readonly #options: ProcessTargetOptions;
  readonly #log: WriteStream;
  #rest = '';
  #stopping = false;
  #exited = false;

  private constructor(child: ChildProcess, pid: number, options: ProcessTargetOptions) {
    this.#child = child;
    this.#options = options;
    this.pid = pid;
    this.#log = createWriteStream(options.log);
    child.stdout?.on('data', (bytes: Buffer) => this.#read(bytes.toString()));
    child.stderr?.on('data', (bytes: Buffer) => this.#fault(`stderr: ${bytes.toString().trim()}`));
    child.on('exit', (code, signal) => {
      this.#exited = true;
      if (!this.#stopping) this.#fault(`the process exited with ${code ?? signal ?? 'nothing'}`);
    });
  }

  static async start(options: ProcessTargetOptions): Promise<ProcessTarget> {
    const child = spawn(
      process.execPath,
      ['--import', PROBE, PROGRAM, 'run', '--config', options.configFile],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        // Ctrl-C reaches the run alone, which then stops the proxy in order.
        detached: true,
        env: { ...process.env, STALL_LOG: options.stallLog },
      },
    );
    if (child.pid === undefined) throw new Error('the proxy could not be started');
    const target = new ProcessTarget(child, child.pid, options);
    const untilMs = performance.now() + START_LIMIT_MS;
    while (!(await target.#isReady())) {
      if (target.#exited || performance.now() > untilMs) {
        await target.stop();
        throw new Error(`the proxy did not start: ${target.faults.join('\n')}\n${target.#rest}`);
      }
      await rest(50);
    }
    if (await target.#takesReloads()) target.reload = () => target.#askForReload();
    return target;
  }

  get alive(): boolean {
    return !this.#exited;
  }

  get stalls(): Stall[] {
    return readStalls(this.#options.stallLog);
  }

  signal(): void {
    if (!this.#exited) this.#child.kill('SIGHUP');
  }

  async sample(): Promise<TargetSample> {
    const status = (await (await fetch(this.#url('/status'))).json()) as Status;
    const all = [...this.descriptors().values()].reduce((sum, count) => sum + count, 0);
    return {
      generation: status.generation,
      draining: status.draining_generations,
      residentBytes: status.memory.rss_bytes,
      heapBytes: status.memory.heap_used_bytes,
      // A busy listener accepts from further descriptors, which come and go with the load.
      fds: all - status.listeners.reduce((sum, { accept_descriptors: open }) => sum + open - 1, 0),
    };
  }

  /** Open file descriptors by what they are: `socket`, `file`, and the kinds that the system makes up. */
  descriptors(): Map<string, number> {
    const kinds = new Map<string, number>();
    const folder = `/proc/${this.pid}/fd`;
    try {
      for (const name of readdirSync(folder)) {
        const target = readlinkSync(join(folder, name));
        const kind = /^(socket|pipe|anon_inode):\[?([a-z]*)/.exec(target);
        const shown = kind === null ? 'file' : kind[1] === 'anon_inode' ? (kind[2] ?? '') : (kind[1] ?? '');
        kinds.set(shown, (kinds.get(shown) ?? 0) + 1);
      }
    } catch {
      // The process is gone, or one of them was closed just now.
    }
    return kinds;
  }

  async stop(): Promise<number | string> {
    this.#stopping = true;
    if (!this.#exited) {
      const exit = once(this.#child, 'exit');
      const force = setTimeout(() => this.#child.kill('SIGKILL'), STOP_LIMIT_MS);
      this.#child.kill('SIGTERM');
      await exit;
      clearTimeout(force);
    }
    this.#log.end();
    return this.#child.exitCode ?? this.#child.signalCode ?? 'unknown';
  }

  async #isReady(): Promise<boolean> {
    try {
      return (await fetch(this.#url('/ready'))).ok;
    } catch {
      return false;
    }
  }

  async #takesReloads(): Promise<boolean> {
    const { status } = await fetch(this.#url('/reload'), { method: 'POST' });
    return status !== 404 && status !== 405;
  }

  async #askForReload(): Promise<{ ok: boolean; message: string }> {
    const response = await fetch(this.#url('/reload'), { method: 'POST' });
    const text = await response.text();
    const body = JSON.parse(text) as { ok?: boolean; message?: string };
    return { ok: body.ok === true, message: body.message ?? text };
  }

  #url(path: string): string {
    return `http://127.0.0.1:${this.#options.adminPort}${path}`;
  }

  #fault(text: string): void {
    if (this.faults.length < KEPT_FAULTS) this.faults.push(text);
  }

  #read(text: string): void {
    this.#log.write(text);
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const level = levelOf(line);
      this.logLines.set(level, (this.logLines.get(level) ?? 0) + 1);
      if ((level === 'error' || level === 'fatal') && !EXPECTED.test(line)) this.#fault(line);
    }
  }
}

/** Of a line in either format. */
function levelOf(line: string): string {
  const level = /"level":"(\w+)"/.exec(line) ?? /^\S+ ([A-Z]+) /.exec(line);
  return (level?.[1] ?? 'access').toLowerCase();
}
