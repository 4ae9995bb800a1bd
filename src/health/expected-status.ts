/** Statuses from `first` to `last`, both included. */
export interface StatusRange {
  readonly first: number;
  readonly last: number;
}

const RANGE = /^([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?$/;

/** Reads `200-399`, `200,204` or `200, 300-302`. Throws an Error that says what is allowed. */
export function parseExpectedStatus(text: string): StatusRange[] {
  return text.split(',').map((part) => {
    const match = RANGE.exec(part.trim());
    const first = Number(match?.[1]);
    const last = Number(match?.[2] ?? match?.[1]);
    if (!(first <= last)) throw new Error('must be statuses such as 200, 200-399 or 200,204');
    return { first, last };
  });
}

export function isExpectedStatus(status: number, ranges: readonly StatusRange[]): boolean {
  return ranges.some(({ first, last }) => status >= first && status <= last);
}
