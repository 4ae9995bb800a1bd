import zlib from 'node:zlib';

import type { TransformStream } from '../../../src/plugin-api/index.ts';
import type { Algorithm, CompressOptions } from './options.ts';

/** Makes a stream that compresses one body. @param length of the body in bytes; undefined when it is not known */
export type MakeCompressor = (length: number | undefined) => TransformStream;

/** A newer Node.js has it. */
interface ZlibWithZstd {
  readonly createZstdCompress?: (options: {
    readonly params: Readonly<Record<number, number>>;
  }) => TransformStream;
  readonly constants: { readonly ZSTD_c_compressionLevel?: number };
}

/** What this runtime can do of the algorithms that the options name, in their order. */
export function compressorsOf(options: CompressOptions): ReadonlyMap<Algorithm, MakeCompressor> {
  const makers: Readonly<Record<Algorithm, MakeCompressor | undefined>> = {
    gzip: (length) =>
      zlib.createGzip({ level: options.gzip_level, ...(length === undefined ? {} : windowOf(length)) }),
    br: (length) =>
      zlib.createBrotliCompress({
        params: {
          [zlib.constants.BROTLI_PARAM_QUALITY]: options.brotli_level,
          ...(length === undefined ? {} : { [zlib.constants.BROTLI_PARAM_SIZE_HINT]: length }),
        },
      }),
    zstd: zstd(options.zstd_level),
  };
  const known = new Map<Algorithm, MakeCompressor>();
  for (const algorithm of options.algorithms) {
    const make = makers[algorithm];
    if (make !== undefined) known.set(algorithm, make);
  }
  return known;
}

function zstd(level: number): MakeCompressor | undefined {
  const { createZstdCompress, constants } = zlib as ZlibWithZstd;
  const { ZSTD_c_compressionLevel: key } = constants;
  if (createZstdCompress === undefined || key === undefined) return undefined;
  return () => createZstdCompress({ params: { [key]: level } });
}

const MAX_WINDOW_BITS = 15;
/** zlib has a fault with the smallest window, 8. */
const MIN_WINDOW_BITS = 9;

/** A window that is no larger than the body takes less memory, and less time to be made ready. The result is the same. */
function windowOf(length: number): { readonly windowBits: number; readonly memLevel: number } {
  const bits = Math.ceil(Math.log2(Math.max(1, length)));
  const windowBits = Math.min(MAX_WINDOW_BITS, Math.max(MIN_WINDOW_BITS, bits));
  return { windowBits, memLevel: Math.max(1, windowBits - 7) };
}
