import { SIGNATURE_V1, SIGNATURE_V2 } from '../signatures.ts';
import { HeaderFault, type HeaderOutcome } from './parsed-header.ts';
import { readV1 } from './read-v1.ts';
import { readV2 } from './read-v2.ts';

/** Reads the header at the beginning of a connection, however its bytes arrive. */
export class HeaderReader {
  /** A copy of all bytes that have arrived; empty before the first ones. At most a header and one chunk. */
  bytes: Buffer = Buffer.alloc(0);

  /** `bytes[start, end)` arrived. Once this returns a header, {@link bytes} begins with it, and the rest is what follows. */
  add(bytes: Buffer, start: number, end: number): HeaderOutcome {
    this.bytes = Buffer.concat([this.bytes, bytes.subarray(start, end)]);
    return readHeader(this.bytes);
  }
}

/** The header that `bytes` begin with. Undefined when more bytes are needed; no header is longer than 4 KiB. */
export function readHeader(bytes: Buffer): HeaderOutcome {
  switch (bytes[0]) {
    case undefined:
      return undefined;
    case SIGNATURE_V1[0]:
      return readV1(bytes);
    case SIGNATURE_V2[0]:
      return readV2(bytes);
    default:
      return new HeaderFault('missing', 'its first bytes are no PROXY header');
  }
}
