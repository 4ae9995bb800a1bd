import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { freePortsFor } from './demo-ports.ts';

/** The ports that config/balance.yaml has for the proxy, its admin server and its backends. */
const PROXY_PORTS = [8080, 9090];
const BACKEND_PORTS = [9001, 9002, 9003];

/** The config that the demo runs, and where its backends listen. */
export interface DemoConfig {
  readonly file: string;
  readonly backendPorts: readonly number[];
  /** Ports that other programs use, each with the port that the demo uses instead. Empty when the demo runs the original file. */
  readonly moved: ReadonlyMap<number, number>;
  /** Removes the copy, if there is one. */
  remove(): Promise<void>;
}

/**
 * Returns the config of the demo: `original` itself, or a copy with other ports when some of its ports are taken.
 *
 * @param original - the config file of the package, which names the ports
 */
export async function demoConfig(
  original: URL,
  proxyPorts: readonly number[] = PROXY_PORTS,
  backendPorts: readonly number[] = BACKEND_PORTS,
): Promise<DemoConfig> {
  const text = await readFile(original, 'utf8');
  // A user who edited the file may have taken a port out of it. Then it does not matter that the port is taken.
  const named = proxyPorts.filter((port) => portIn(port).test(text));
  const ports = await freePortsFor([...named, ...backendPorts]);
  const moved = new Map([...ports].filter(([port, instead]) => port !== instead));
  const listening = backendPorts.map((port) => ports.get(port) ?? port);
  if (moved.size === 0) {
    return { file: fileURLToPath(original), backendPorts: listening, moved, remove: () => Promise.resolve() };
  }
  const folder = await mkdtemp(join(tmpdir(), 'balance-demo-'));
  const file = join(folder, 'balance.yaml');
  await writeFile(file, withPorts(text, moved, new URL('../schemas/', original)));
  return {
    file,
    backendPorts: listening,
    moved,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Replaces all ports in one pass, because one may move to the number that another one had. */
function withPorts(text: string, moved: ReadonlyMap<number, number>, schemas: URL): string {
  return text
    .replace('$schema=../schemas/', () => `$schema=${fileURLToPath(schemas)}`)
    .replace(/(?<=:)\d+\b/g, (digits) => String(moved.get(Number(digits)) ?? digits));
}

function portIn(port: number): RegExp {
  return new RegExp(String.raw`:${port}\b`);
}
