import type {
  FilterHooks,
  FilterRequest,
  FilterResponse,
  HttpFilterPlugin,
} from '../../../src/plugin-api/index.ts';
import { BalanceError } from '../../../src/errors.ts';
import { varyBy } from '../../../src/plugin-api/values/vary-by.ts';
import { acceptedCoding } from './accepted-coding.ts';
import { Compressible } from './compressible.ts';
import { compressorsOf, type MakeCompressor } from './compressors.ts';
import { COMPRESS_SCHEMA, type Algorithm, type CompressOptions } from './options.ts';

/** Fields that describe the bytes of a body, which are others now. */
const OF_THE_BYTES = ['Accept-Ranges', 'Content-MD5', 'Digest', 'Content-Digest', 'Repr-Digest'];

/** Compresses responses for clients that accept it. */
export class Compress implements FilterHooks {
  readonly #compressible: Compressible;
  readonly #compressors: ReadonlyMap<Algorithm, MakeCompressor>;
  readonly #offered: readonly Algorithm[];

  constructor(options: CompressOptions, compressors: ReadonlyMap<Algorithm, MakeCompressor>) {
    this.#compressible = new Compressible(options);
    this.#compressors = compressors;
    this.#offered = [...compressors.keys()];
  }

  response(response: FilterResponse, request: FilterRequest): undefined {
    if (!this.#compressible.has(response)) return undefined;
    // Also where nothing is compressed: a cache must not give this response to a client that asks for another one.
    varyBy(response, 'Accept-Encoding');
    const algorithm = acceptedCoding(request.header('accept-encoding'), this.#offered);
    const make = algorithm === undefined ? undefined : this.#compressors.get(algorithm);
    if (algorithm === undefined || make === undefined) return undefined;
    const { bodyLength: length } = response;
    for (const name of OF_THE_BYTES) response.removeHeader(name);
    response.setHeader('Content-Encoding', algorithm);
    weakenTag(response);
    // A body whose length the backend did not know comes piece by piece, and each piece may be an event that somebody waits for.
    response.transformBody(make(length), length === undefined);
    return undefined;
  }
}

/** The compressed body has other bytes than the one that a strong tag names. Source: RFC 9110, 8.8.3. */
function weakenTag(response: FilterResponse): void {
  const tag = response.header('etag');
  if (tag?.startsWith('"') === true) response.setHeader('ETag', `W/${tag}`);
}

const PLUGIN: HttpFilterPlugin = {
  apiVersion: 2,
  kind: 'http-filter',
  name: 'compress',
  configSchema: COMPRESS_SCHEMA,
  provision(given, { logger }) {
    const options = given as CompressOptions;
    const compressors = compressorsOf(options);
    if (compressors.size === 0)
      throw new BalanceError(
        'config_invalid',
        `Node.js ${process.versions.node} has none of its algorithms (${options.algorithms.join(', ')}): add gzip`,
      );
    const missing = options.algorithms.filter((algorithm) => !compressors.has(algorithm));
    if (missing.length > 0)
      logger.warn('compression is left out: this Node.js does not have it', {
        algorithms: missing.join(','),
      });
    return new Compress(options, compressors);
  },
};

export default PLUGIN;
