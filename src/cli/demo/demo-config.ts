import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { freePortsFor } from './demo-ports.ts';

/** The ports that config/balance.yaml names for the proxy, its admin server and its backends. */
const PROXY_PORTS = [8080, 9090];
const BACKEND_PORTS = [9001, 9002, 9003];

/** The config that the demo runs, and where its backends listen. */
export interface DemoConfig {
  readonly file: string;
  readonly backendPorts: readonly number[];
  /** Ports that somebody else has, with what the demo uses instead. Empty where it runs the file that comes along. */
  readonly moved: ReadonlyMap<number, number>;
  /** Removes the copy, if there is one. */
  remove(): Promise<void>;
}

/**
 * Finds the config of the demo: `original` itself, or a copy of it with other ports where some are taken.
 *
 * @param original - the file that comes along, which names the ports
 */
export async function demoConfig(
  original: URL,
  proxyPorts: readonly number[] = PROXY_PORTS,
  backendPorts: readonly number[] = BACKEND_PORTS,
): Promise<DemoConfig> {
  const text = await readFile(original, 'utf8');
  // Somebody who edited the file may have freed a port that is taken.
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

/** All at once, as a port may move to where another one was. */
function withPorts(text: string, moved: ReadonlyMap<number, number>, schemas: URL): string {
  return text
    .replace('$schema=../schemas/', () => `$schema=${fileURLToPath(schemas)}`)
    .replace(/(?<=:)\d+\b/g, (digits) => String(moved.get(Number(digits)) ?? digits));
}

function portIn(port: number): RegExp {
  return new RegExp(String.raw`:${port}\b`);
}
