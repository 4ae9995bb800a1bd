import { crc32cWithZeros } from '../crc32c.ts';
import { SSL_FIXED_BYTES, TLV, TLV_HEAD_BYTES } from '../signatures.ts';
import { HeaderFault } from './parsed-header.ts';

const UNIQUE_ID_LIMIT_BYTES = 128;
const CHECKSUM_BYTES = 4;

/** Calls `found` with the type of each record, and the place of its value in `bytes`. Returns false when the last record is cut off. */
export function eachRecord(
  bytes: Buffer,
  start: number,
  end: number,
  found: (type: number, valueStart: number, valueEnd: number) => void,
): boolean {
  let at = start;
  while (at < end) {
    if (at + TLV_HEAD_BYTES > end) return false;
    const valueStart = at + TLV_HEAD_BYTES;
    const valueEnd = valueStart + bytes.readUInt16BE(at + 1);
    if (valueEnd > end) return false;
    found(bytes[at] ?? 0, valueStart, valueEnd);
    at = valueEnd;
  }
  return true;
}

/** Checks the records of a header, its checksum included. `header` is the whole header, and the records begin at `start`. */
export function checkRecords(header: Buffer, start: number): HeaderFault | undefined {
  let fault: string | undefined;
  let checksumAt = -1;
  const isWhole = eachRecord(header, start, header.length, (type, valueStart, valueEnd) => {
    fault ??= faultOf(header, type, valueStart, valueEnd);
    if (type !== TLV.crc32c) return;
    if (checksumAt >= 0) fault ??= 'it has two checksums';
    checksumAt = valueStart;
  });
  if (!isWhole) return new HeaderFault('malformed', 'its length ends within a record');
  if (fault !== undefined) return new HeaderFault('malformed', fault);
  if (checksumAt >= 0 && header.readUInt32BE(checksumAt) !== crc32cWithZeros(header, checksumAt))
    return new HeaderFault('checksum', 'its checksum does not match its bytes');
  return undefined;
}

function faultOf(header: Buffer, type: number, start: number, end: number): string | undefined {
  const sizeBytes = end - start;
  switch (type) {
    case TLV.crc32c:
      return sizeBytes === CHECKSUM_BYTES ? undefined : 'its checksum does not have four bytes';
    case TLV.uniqueId:
      return sizeBytes <= UNIQUE_ID_LIMIT_BYTES ? undefined : 'its unique id has more than 128 bytes';
    case TLV.ssl:
      if (sizeBytes < SSL_FIXED_BYTES) return 'its record about TLS is too short';
      return eachRecord(header, start + SSL_FIXED_BYTES, end, () => undefined)
        ? undefined
        : 'its record about TLS ends within a record';
    default:
      return undefined;
  }
}
