import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { freePorts } from '../addresses/free-ports.ts';
import { owned } from '../owned.ts';
import { writeInto } from '../write-into.ts';
import { ROOT } from './built-program.ts';

/** How long anything may take before the test gives up on it. */
const PATIENCE_MS = 60_000;

interface Status {
  readonly pid: number;
  readonly workers: readonly object[];
  readonly version: string;
  readonly generation: number;
  readonly upgrades: {
    readonly succeeded: number;
    readonly failed: number;
    readonly draining: readonly { readonly pid: number }[];
  };
}

/** What a proxy under upgrades is started with. */
export interface UpgradeLabOptions {
  /** Further lines of the config. */
  readonly yaml?: string;
  readonly backend: string;
  /** Further listeners, a line each. */
  readonly listeners?: string;
  /** What is put beside the config first. */
  readonly files?: Readonly<Record<string, string>>;
  readonly workers?: number | 'auto';
  readonly node?: string;
  readonly shutdownTimeout?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * `balance run` as a process of its own, by way of a link to one of two builds, `one` and `two`, whose `/version` differs. All processes that
 * ever served end with the test.
 */
export class UpgradeLab {
  readonly folder: string;
  readonly ports: { readonly web: number; readonly tunnel: number; readonly admin: number };
  readonly unixPath: string;
  readonly env: NodeJS.ProcessEnv;
  /** What all processes have written. */
  output = '';
  /** What the config says from the next {@link write} on. */
  workers: number | 'auto';
  readonly #options: UpgradeLabOptions;
  #first: ChildProcess | undefined;

  private constructor(folder: string, ports: readonly number[], options: UpgradeLabOptions) {
    const [web = 0, tunnel = 0, admin = 0] = ports;
    this.folder = folder;
    this.ports = { web, tunnel, admin };
    this.unixPath = join(folder, 'web.sock');
    this.#options = options;
    this.workers = options.workers ?? Number(process.env['WORKERS'] ?? 1);
    this.env = { ...process.env, BALANCE_HEALTH_SOCKET: join(folder, 'health.sock'), ...options.env };
  }

  static async start(options: UpgradeLabOptions): Promise<UpgradeLab> {
    const folder = mkdtempSync(join(tmpdir(), 'balance-upgrade-'));
    const lab = owned(new UpgradeLab(folder, await freePorts(3), options));
    for (const name of ['one', 'two']) build(folder, name);
    lab.use('one');
    await writeInto(folder, options.files ?? {});
    lab.write();
    await lab.startAgain();
    return lab;
  }

  /** Starts the first process, or another one when that has ended. */
  async startAgain(): Promise<void> {
    this.output = '';
    this.#start();
    await this.says('admin listening');
    await this.status();
  }

  get configFile(): string {
    return join(this.folder, 'balance.yaml');
  }

  /** The program by way of the link that {@link use} moves. */
  get program(): string {
    return join(this.folder, 'current/dist/src/cli/main.js');
  }

  /** From now on a new process is that build. */
  use(build: 'one' | 'two'): void {
    const link = join(this.folder, 'link.new');
    symlinkSync(build, link);
    renameSync(link, join(this.folder, 'current'));
  }

  /** Writes the config; `yaml` is added to it. */
  write(yaml = ''): void {
    const { ports, unixPath, workers } = this;
    const { backend, listeners = '', shutdownTimeout = '20s', yaml: more = '' } = this.#options;
    const file = `${this.configFile}.new`;
    writeFileSync(
      file,
      `workers: ${String(workers)}
reload: { watch: false }
shutdown: { timeout: ${shutdownTimeout} }
logging: { access_log: { enabled: false } }
admin: { listen: '127.0.0.1:${String(ports.admin)}' }
listeners:
  - { name: web, address: '127.0.0.1:${String(ports.web)}', mode: http, upstream: back }
  - { name: path, address: 'unix:${unixPath}', mode: http, upstream: back }
  - { name: raw, address: '127.0.0.1:${String(ports.tunnel)}', mode: tcp, upstream: back }
${listeners}
upstreams:
  - { name: back, backends: [{ address: '${backend}' }] }
${more}
${yaml}
`,
    );
    renameSync(file, this.configFile);
  }

  async ask<T>(path: string, init?: RequestInit): Promise<T> {
    const answer = await fetch(`http://127.0.0.1:${String(this.ports.admin)}${path}`, {
      ...init,
      headers: { Connection: 'close' },
    });
    return (await answer.json()) as T;
  }

  status(): Promise<Status> {
    return this.ask<Status>('/status');
  }

  /** Sends a signal to the process that serves, and resolves with the status of the one that serves after the upgrade. */
  async upgraded(begin: (pid: number) => unknown = (pid) => process.kill(pid, 'SIGUSR2')): Promise<Status> {
    const before = await this.status();
    begin(before.pid);
    return this.until(async () => {
      const now = await this.status();
      return now.pid === before.pid || now.upgrades.succeeded === before.upgrades.succeeded ? undefined : now;
    });
  }

  /** `balance` with these arguments, in the environment of the proxy. */
  async balance(...args: readonly string[]): Promise<{ code: number | null; output: string }> {
    const child = spawn(process.execPath, [this.program, ...args], {
      env: this.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (bytes) => (output += String(bytes)));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, output };
  }

  says(words: string): Promise<void> {
    return this.until(() => (this.output.includes(words) ? true : undefined)).then(() => undefined);
  }

  /** Resolves with the first value that is not undefined. */
  async until<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
    const endMs = Date.now() + PATIENCE_MS;
    while (Date.now() < endMs && !(this.#first?.exitCode ?? 0)) {
      try {
        const found = await look();
        if (found !== undefined) return found;
      } catch {
        // Not yet.
      }
      await delay(20);
    }
    throw new Error(`it did not come to that; the proxy wrote:\n${this.output}`);
  }

  async close(): Promise<void> {
    for (const pid of this.processes()) process.kill(pid, 'SIGKILL');
    await delay(50);
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Resolves with how the first process has ended: its exit code, or the signal. */
  async ended(): Promise<number | NodeJS.Signals | null> {
    const child = this.#first;
    if (child === undefined) return null;
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    return child.exitCode ?? child.signalCode;
  }

  /** The processes of the proxy that run now. */
  processes(): readonly number[] {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0 && this.isOurs(pid));
  }

  /** Whether that process runs the program of this lab. */
  isOurs(pid: number): boolean {
    try {
      return readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').includes(this.folder);
    } catch {
      return false;
    }
  }

  #start(): void {
    const { node = process.execPath } = this.#options;
    const child = spawn(node, [this.program, 'run', '--config', this.configFile], {
      env: this.env,
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#first = child;
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (bytes: Buffer) => (this.output += String(bytes)));
  }
}

/** A copy of the program with a version of its own. */
function build(folder: string, name: string): void {
  const place = join(folder, name);
  mkdirSync(place);
  for (const part of ['src', 'plugins', 'schemas'])
    cpSync(join(ROOT, 'dist', part), join(place, 'dist', part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(place, 'node_modules'));
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as object;
  writeFileSync(join(place, 'package.json'), JSON.stringify({ ...manifest, version: name }));
}
