import type { FilterResponse } from '../../../src/plugin-api/index.ts';
import type { CompressOptions } from './options.ts';

/** Responses that have no body, or a part of one. */
const BODILESS: ReadonlySet<number> = new Set([101, 204, 205, 206, 304]);
const ANY = '*';

/** Decides which responses may be compressed, whoever asks for them. */
export class Compressible {
  readonly #minBytes: number;
  readonly #takesAll: boolean;
  readonly #types: ReadonlySet<string>;
  /** `text/` for all types that begin so. */
  readonly #families: readonly string[];

  constructor({ min_size: minBytes, types }: Pick<CompressOptions, 'min_size' | 'types'>) {
    this.#minBytes = minBytes;
    this.#takesAll = types.includes(ANY);
    this.#types = new Set(types.filter((type) => !type.endsWith(ANY)));
    this.#families = types.filter((type) => type.endsWith('/*')).map((type) => type.slice(0, -ANY.length));
  }

  has(response: FilterResponse): boolean {
    if (BODILESS.has(response.status) || !this.#hasType(response.header('content-type'))) return false;
    const encoding = response.header('content-encoding')?.trim().toLowerCase() ?? '';
    if (encoding !== '' && encoding !== 'identity') return false;
    if (response.header('content-range') !== undefined) return false;
    const { bodyLength = Infinity } = response;
    return bodyLength >= this.#minBytes && !isFixed(response.header('cache-control'));
  }

  #hasType(contentType: string | undefined): boolean {
    if (this.#takesAll) return true;
    const type = contentType?.split(';', 1)[0]?.trim().toLowerCase();
    if (type === undefined) return false;
    return this.#types.has(type) || this.#families.some((family) => type.startsWith(family));
  }
}

/** Whether nobody on the way may change the response. Source: RFC 9111, 5.2.2.6. */
function isFixed(cacheControl: string | undefined): boolean {
  return cacheControl?.split(',').some((each) => each.trim().toLowerCase() === 'no-transform') === true;
}
