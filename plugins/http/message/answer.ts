import type { Answer } from '../../../src/plugin-api/index.ts';

/** The body of an answer as bytes. */
export function answerBytes({ body = '' }: Answer): Buffer {
  if (typeof body === 'string') return Buffer.from(body);
  return Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

/** How many bytes of an answer's body are sent for a request with that method: none for HEAD. */
export function sentBytes({ body = '' }: Answer, method: string): number {
  return method === 'HEAD' ? 0 : Buffer.byteLength(body);
}
