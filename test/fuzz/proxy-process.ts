import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { ScrapedMetrics } from '../support/collectors/scraped-metrics.ts';

const START_LIMIT_MS = 20_000;
const STOP_LIMIT_MS = 15_000;
const CONFIG_FILE = 'balance.yaml';
/** The compiled program, seen from the compiled place of this file. */
const PROGRAM = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

/** A line of the proxy's log. */
interface LogLine {
  readonly level?: string;
  readonly [field: string]: unknown;
}

/** The built proxy in a process of its own, watched from outside. */
export class ProxyProcess {
  readonly pid: number;
  /** Log lines of level error, what was written to stderr, and an exit that nobody asked for. */
  readonly faults: string[] = [];
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #listeners = new Map<string, number>();
  #admin = 0;
  #rest = '';
  #stopping = false;
  #exited = false;

  private constructor(child: ChildProcess, pid: number, folder: string) {
    this.#child = child;
    this.pid = pid;
    this.#folder = folder;
    child.stdout?.on('data', (bytes: Buffer) => this.#read(bytes.toString()));
    child.stderr?.on('data', (bytes: Buffer) => this.faults.push(`stderr: ${bytes.toString().trim()}`));
    child.on('exit', (code, signal) => {
      this.#exited = true;
      if (!this.#stopping) this.faults.push(`the process exited with ${code ?? signal ?? 'nothing'}`);
    });
  }

  /** Starts it with that config, which logs as JSON at level info and asks for ports 0. */
  static async start(
    yaml: string,
    listeners: number,
    nodeOptions: readonly string[] = [],
  ): Promise<ProxyProcess> {
    const folder = mkdtempSync(join(tmpdir(), 'balance-load-'));
    const file = join(folder, CONFIG_FILE);
    writeFileSync(file, yaml);
    const child = spawn(process.execPath, [...nodeOptions, PROGRAM, 'run', '--config', file], {
      stdio: ['ignore', 'pipe', 'pipe'],
      // Ctrl-C reaches the run alone, which then stops the proxy in order.
      detached: true,
    });
    if (child.pid === undefined) throw new Error('the proxy could not be started');
    const proxy = new ProxyProcess(child, child.pid, folder);
    const untilMs = performance.now() + START_LIMIT_MS;
    while (!proxy.#exited && !proxy.#isReady(listeners) && performance.now() < untilMs) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    if (!proxy.#isReady(listeners)) {
      await proxy.stop();
      throw new Error(`the proxy did not start: ${proxy.faults.join('\n')}`);
    }
    return proxy;
  }

  get alive(): boolean {
    return !this.#exited;
  }

  port(listener: string): number {
    const port = this.#listeners.get(listener);
    if (port === undefined) throw new Error(`there is no listener ${listener}`);
    return port;
  }

  get adminPort(): number {
    return this.#admin;
  }

  metrics(): Promise<ScrapedMetrics> {
    return ScrapedMetrics.from(`127.0.0.1:${this.#admin}`);
  }

  /** Writes another config and applies it; a refused one is a fault. */
  async edit(yaml: string): Promise<void> {
    writeFileSync(join(this.#folder, CONFIG_FILE), yaml);
    const answer = await fetch(`http://127.0.0.1:${this.#admin}/reload`, { method: 'POST' });
    const text = await answer.text();
    if (!answer.ok) this.faults.push(`edit refused: ${text}`);
  }

  /** Open file descriptors. */
  fds(): number {
    try {
      return readdirSync(`/proc/${this.pid}/fd`).length;
    } catch {
      return 0;
    }
  }

  residentBytes(): number {
    try {
      const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
      return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
    } catch {
      return 0;
    }
  }

  /** Asks it to end; resolves with its exit code, or a signal's name when it had to be killed. */
  async stop(): Promise<number | string> {
    this.#stopping = true;
    if (!this.#exited) {
      const exit = once(this.#child, 'exit');
      const force = setTimeout(() => this.#child.kill('SIGKILL'), STOP_LIMIT_MS);
      this.#child.kill('SIGTERM');
      await exit;
      clearTimeout(force);
    }
    rmSync(this.#folder, { recursive: true, force: true });
    return this.#child.exitCode ?? this.#child.signalCode ?? 'unknown';
  }

  #isReady(listeners: number): boolean {
    return this.#listeners.size >= listeners && this.#admin > 0;
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#readLine(line);
  }

  #readLine(text: string): void {
    let line: LogLine;
    try {
      line = JSON.parse(text) as LogLine;
    } catch {
      this.faults.push(`stdout: ${text}`);
      return;
    }
    const level = String(line.level).toLowerCase();
    if (level === 'error' || level === 'fatal') this.faults.push(text);
    const port = Number(/:(\d+)$/.exec(String(line['address']))?.[1] ?? 0);
    if (port > 0 && typeof line['listener'] === 'string') this.#listeners.set(line['listener'], port);
    else if (port > 0 && text.includes('admin listening')) this.#admin = port;
  }
}
