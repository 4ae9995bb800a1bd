import { expect, it } from 'vitest';

import type { EncryptingHandle } from '../../../../src/net/node/node-internals.ts';
import { ReadBuffers } from '../../../../src/net/transport/memory/read-buffers.ts';
import type { StreamSocket } from '../../../../src/net/transport/stream-socket.ts';
import { TlsWriter } from '../../../../src/net/transport/tls-writer.ts';

it('tells nobody to go on who was not told to wait', () => {
  const sizes: number[] = [];
  const buffers = new ReadBuffers();
  buffers.direct.encrypt = (_handle, piece) => {
    sizes.push(piece.length);
    return 0;
  };
  let drained = 0;
  const socket = { destroyed: false } as StreamSocket;
  const writer = new TlsWriter(socket, {} as EncryptingHandle, buffers, () => (drained += 1));
  expect(writer.writeBorrowed(Buffer.alloc(200 * 1024), 0, 200 * 1024)).toBe(true);
  expect(sizes).toEqual([200 * 1024]);
  expect(drained).toBe(0);
});
