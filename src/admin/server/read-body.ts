import type { IncomingMessage } from 'node:http';
import { AdminError } from './admin-error.ts';

/** Collects a body. Rejects with an AdminError when it is longer than allowed, takes too long or breaks off. */
export function readBody(request: IncomingMessage, maxBytes: number, timeoutMs: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    const timer = setTimeout(() => {
      end(() => reject(new AdminError(408, 'body_timeout', 'the body took too long')));
    }, timeoutMs);
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      request.off('data', take).off('end', ended).off('close', broken).off('error', broken);
      // What is still on its way is thrown away; an error that comes late has no one to hear it.
      request.on('error', () => undefined).resume();
      settle();
    };
    const tooLong = (): void => {
      end(() =>
        reject(new AdminError(413, 'body_too_large', `the body may have ${String(maxBytes)} bytes at most`)),
      );
    };
    const take = (chunk: Buffer): void => {
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes) tooLong();
      else chunks.push(chunk);
    };
    const ended = (): void => end(() => resolve(Buffer.concat(chunks)));
    const broken = (): void => end(() => reject(new AdminError(400, 'bad_body', 'the body broke off')));
    request.on('data', take).on('end', ended).on('close', broken).on('error', broken);
    if (Number(request.headers['content-length'] ?? 0) > maxBytes) tooLong();
  });
}
