/** The options of the filter after the check by {@link COMPRESS_SCHEMA}. */
export interface CompressOptions {
  /** In the order of preference. */
  readonly algorithms: readonly Algorithm[];
  /** Media types: `text/html`, `text/*`, `*`. */
  readonly types: readonly string[];
  /** In bytes. */
  readonly min_size: number;
  readonly gzip_level: number;
  readonly brotli_level: number;
  readonly zstd_level: number;
}

export type Algorithm = 'br' | 'gzip' | 'zstd';

export const COMPRESS_SCHEMA = {
  description:
    'Compresses responses for clients that accept it. Responses that are encoded already, partial ones (206), small ones and those with `Cache-Control: no-transform` pass as they are. What a backend sends piece by piece, such as events, is passed on piece by piece. Do not use it where one page has both a secret and text that an attacker chooses: the size of the answer then tells something about the secret (the BREACH attack).',
  type: 'object',
  additionalProperties: false,
  properties: {
    algorithms: {
      description:
        'What may be used: `gzip`, `br` (Brotli), `zstd` (Node.js 22.15 or later; on an older one it is left out, and the log says so). Of those that a client prefers alike, the first one is taken.',
      type: 'array',
      minItems: 1,
      uniqueItems: true,
      items: { enum: ['br', 'gzip', 'zstd'] },
      default: ['br', 'gzip'],
      examples: [['zstd', 'br', 'gzip']],
    },
    types: {
      description:
        'Media types of responses that are compressed: `text/html`, `text/*`, or `*` for all. Images, videos and archives are compressed already. A response without `Content-Type` matches `*` alone.',
      type: 'array',
      minItems: 1,
      items: { type: 'string', pattern: '^(\\*|[a-z0-9!#$&^_.+-]+/(\\*|[a-z0-9!#$&^_.+-]+))$' },
      default: [
        'text/*',
        'application/javascript',
        'application/json',
        'application/ld+json',
        'application/manifest+json',
        'application/problem+json',
        'application/rss+xml',
        'application/atom+xml',
        'application/xhtml+xml',
        'application/xml',
        'application/wasm',
        'application/x-ndjson',
        'font/ttf',
        'font/otf',
        'image/svg+xml',
        'image/bmp',
      ],
      examples: [['text/html', 'application/json']],
    },
    min_size: {
      description:
        'A response whose `Content-Length` is smaller passes as it is: it would hardly get smaller, and sometimes larger.',
      type: 'string',
      format: 'size',
      default: '1KB',
      examples: ['256B'],
    },
    gzip_level: level(
      1,
      9,
      5,
      'How hard gzip tries, from 1 (fast) to 9 (small). Beyond 6 it takes much more CPU for little.',
    ),
    brotli_level: level(
      0,
      11,
      4,
      'How hard Brotli tries, from 0 (fast) to 11 (small). Beyond 6 it is too slow for responses that are made anew each time.',
    ),
    zstd_level: level(1, 19, 3, 'How hard zstd tries, from 1 (fast) to 19 (small).'),
  },
} as const;

function level(minimum: number, maximum: number, standard: number, description: string) {
  return { description, type: 'integer', minimum, maximum, default: standard, examples: [1] } as const;
}
