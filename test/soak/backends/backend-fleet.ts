import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { freePorts } from '../../support/addresses/free-ports.ts';

const PROGRAM = fileURLToPath(new URL('backend-program.js', import.meta.url));

/** A backend that can be killed, and that comes back at the same port. */
export class MortalBackend {
  readonly name: string;
  readonly port: number;
  kills = 0;
  #child: ChildProcess | undefined;
  #livesSinceMs: number | undefined;

  constructor(name: string, port: number) {
    this.name = name;
    this.port = port;
  }

  /** Whether its process is there, ready or not. */
  get isStarted(): boolean {
    return this.#child !== undefined;
  }

  /** For how long it has listened; 0 while it does not. */
  get livesForMs(): number {
    return this.#livesSinceMs === undefined ? 0 : performance.now() - this.#livesSinceMs;
  }

  /** Resolves when it listens. */
  async start(): Promise<void> {
    // Its stdin ends with this process, and it with its stdin.
    const child = spawn(process.execPath, [PROGRAM, this.name, String(this.port)], {
      stdio: ['pipe', 'pipe', 'inherit'],
      detached: true,
    });
    this.#child = child;
    await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
    if (this.#child === child && child.exitCode === null) this.#livesSinceMs = performance.now();
  }

  /** SIGKILL: connections are reset, and further ones refused. Resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#livesSinceMs = undefined;
    this.#child = undefined;
    this.kills += 1;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }
}

/** All backends of a run. */
export class BackendFleet {
  readonly backends: readonly MortalBackend[];

  private constructor(backends: readonly MortalBackend[]) {
    this.backends = backends;
  }

  static async start(size: number): Promise<BackendFleet> {
    const ports = await freePorts(size);
    const fleet = new BackendFleet(
      ports.map((port, index) => new MortalBackend(`backend-${String(index + 1)}`, port)),
    );
    await Promise.all(fleet.backends.map((backend) => backend.start()));
    return fleet;
  }

  get kills(): number {
    return this.backends.reduce((sum, { kills }) => sum + kills, 0);
  }

  async close(): Promise<void> {
    await Promise.all(this.backends.map((backend) => backend.kill()));
  }
}
