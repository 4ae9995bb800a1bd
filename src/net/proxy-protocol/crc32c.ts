/** The polynomial of CRC32C (Castagnoli), with its bits in reverse. Source: RFC 3309, appendix B.1. */
const POLYNOMIAL = 0x82f63b78;
const TABLE = tableOf(POLYNOMIAL);

/** The CRC32C of bytes, read as if the four bytes at `zeroedAt` were 0, as a header with a checksum in it is computed. */
export function crc32cWithZeros(bytes: Uint8Array, zeroedAt: number): number {
  let crc = 0xffffffff;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = at >= zeroedAt && at < zeroedAt + 4 ? 0 : (bytes[at] ?? 0);
    crc = (TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function tableOf(polynomial: number): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? polynomial ^ (crc >>> 1) : crc >>> 1;
    return crc;
  });
}
