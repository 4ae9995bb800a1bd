import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below what the system hands out by itself, so that nobody gets them by chance while they are left free. */
export const LOWEST_FREE_PORT = 12_000;
const HIGHEST = 32_000;

/** So many ports of 127.0.0.1 where nobody listens, and that may be left free and taken again. */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  for (let tries = 0; found.size < count; tries += 1) {
    if (tries > 1_000) throw new Error('there are no free ports');
    const port = LOWEST_FREE_PORT + Math.floor(Math.random() * (HIGHEST - LOWEST_FREE_PORT));
    if (await isFree(port)) found.add(port);
  }
  return [...found];
}

/** One of {@link freePorts}. */
export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    if (server.listening) {
      server.close();
      await once(server, 'close');
    }
  }
}
