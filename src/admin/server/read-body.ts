import type { IncomingMessage } from 'node:http';
import { AdminError } from '../endpoint/admin-error.ts';

/** Reads the whole body of a request. Rejects with an AdminError when the body is too long, takes too long or breaks off. */
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
      // The rest of the body is thrown away. A late 'error' event must have a listener.
      request.on('error', () => undefined).resume();
      settle();
    };
    const tooLong = (): void => {
      end(() =>
        reject(new AdminError(413, 'body_too_large', `the body must not exceed ${String(maxBytes)} bytes`)),
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
