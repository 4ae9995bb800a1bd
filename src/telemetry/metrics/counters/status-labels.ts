/**
 * The registered status codes.
 *
 * Source: https://www.iana.org/assignments/http-status-codes, and 418 and 509, which are in wide use but not registered.
 */
const REGISTERED_CODES: readonly number[] = [
  100, 101, 102, 103, 104, 200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 305,
  306, 307, 308, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417,
  418, 421, 422, 423, 424, 425, 426, 428, 429, 431, 451, 500, 501, 502, 503, 504, 505, 506, 507, 508, 509,
  510, 511,
];
/**
 * Unregistered codes that operators see: of this proxy and nginx (444, 494 to 499), Cloudflare (520 to 530), AWS load balancers (460, 463,
 * 464, 561), IIS (440, 449, 450), and of frameworks and hosted APIs.
 */
const COMMON_CODES: readonly number[] = [
  218, 419, 420, 430, 440, 444, 449, 450, 460, 463, 464, 494, 495, 496, 497, 498, 499, 520, 521, 522, 523,
  524, 525, 526, 527, 529, 530, 561, 598, 599,
];
const KNOWN_CODES: readonly number[] = [...REGISTERED_CODES, ...COMMON_CODES];
/** The labels of all other codes, by their first digit. */
const CLASSES = Array.from({ length: 10 }, (_, digit) => `${String(digit)}xx`);

/**
 * The values of the label `status`, each at its index: 0 where no status reached the client, the classes of unknown codes, and the known
 * codes. Their number is fixed, so that a backend can't create series with invented codes.
 */
export const STATUS_LABELS: readonly string[] = ['0', ...CLASSES, ...KNOWN_CODES.map(String)];

/** The index of the label of each status below 1000. */
const INDEXES: Uint8Array = Uint8Array.from({ length: 1000 }, (_, status) => 1 + Math.trunc(status / 100));
INDEXES[0] = 0;
for (const [at, code] of KNOWN_CODES.entries()) INDEXES[code] = 1 + CLASSES.length + at;

/** The index of a status in {@link STATUS_LABELS}; a number that is no status has the index of `0`. */
export function statusIndex(status: number): number {
  return INDEXES[status] ?? 0;
}
