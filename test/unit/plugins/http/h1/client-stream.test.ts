import { expect, it } from 'vitest';

import { makeHttpParts } from '../../../../../plugins/http/http-parts.ts';
import type { RequestDraft, ResponseEvents } from '../../../../../plugins/http/message/client-stream.ts';
import type { Transport } from '../../../../../src/plugin-api/index.ts';

const NO_END = { address: 'unix', port: 0 };

/** Keeps what is written, and tells what was handed over from what was only lent. */
function recordingChannel(written: (string | Uint8Array)[]): Transport {
  return {
    peer: NO_END,
    local: NO_END,
    tls: undefined,
    proxy: undefined,
    route: undefined,
    writableLength: 0,
    bytesTaken: 0,
    writeEnded: false,
    destroyed: false,
    read(): void {},
    pause(): void {},
    resume(): void {},
    writeText: (text) => written.push(text) > 0,
    write: (bytes) => written.push(bytes) > 0,
    writeBorrowed: (bytes, start, end) => written.push(`lent ${end - start} of ${bytes.length}`) > 0,
    end(): void {},
    destroy(): void {},
    reset(): void {},
    close(): void {},
  };
}

it.each([
  [false, 'POST', []],
  [true, '10000\r\n', ['\r\n0\r\n\r\n']],
])(
  'hands a large body that was kept over without a copy (in chunks: %s)',
  (isChunked, lastOfHead, behind) => {
    const written: (string | Uint8Array)[] = [];
    const { clients } = makeHttpParts(() => []);
    const stream = clients.open(
      recordingChannel(written),
      { method: 'POST', isChunked },
      {} as unknown as ResponseEvents,
    );
    const body = Buffer.alloc(65_536, 'a');
    stream.send('POST' as unknown as RequestDraft, '');
    stream.giveBody(body);
    stream.finish([]);
    stream.flush();
    const [head, given, ...rest] = written;
    expect(head).toContain(lastOfHead);
    expect(given).toBe(body);
    expect(rest).toEqual(behind);
  },
);
