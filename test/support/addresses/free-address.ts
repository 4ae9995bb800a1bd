import { freePort } from './free-ports.ts';

/** An address where nobody listens, for a config that needs to name it, or to find nobody there. */
export async function freeAddress(): Promise<string> {
  return `127.0.0.1:${await freePort()}`;
}
