import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';

import type { SeededRandom } from '../seeded-random.ts';

/** Sends so many bytes in pieces of mixed sizes, minding backpressure; returns their checksum. Does not end the socket. */
export async function sendBulk(socket: Socket, totalBytes: number, random: SeededRandom): Promise<string> {
  const hash = createHash('sha256');
  const source = random.bytes(1024 * 1024);
  for (let left = totalBytes; left > 0;) {
    const start = random.between(0, source.length - 1);
    const piece = source.subarray(
      start,
      Math.min(source.length, start + Math.min(left, random.between(1, 200_000))),
    );
    left -= piece.length;
    hash.update(piece);
    if (!socket.write(piece)) await once(socket, 'drain');
  }
  return hash.digest('hex');
}

/** The checksum of the next bytes that arrive, exactly so many. */
export function receiveBulk(socket: Socket, totalBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const hash = createHash('sha256');
    let left = totalBytes;
    const take = (bytes: Buffer): void => {
      hash.update(bytes);
      left -= bytes.length;
      if (left > 0) return;
      socket.removeListener('data', take);
      if (left < 0) reject(new Error(`${-left} bytes too many`));
      else resolve(hash.digest('hex'));
    };
    socket.on('data', take);
    socket.once('close', () => {
      reject(new Error(`closed with ${left} bytes missing`));
    });
  });
}
