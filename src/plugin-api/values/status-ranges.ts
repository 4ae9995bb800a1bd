/** HTTP statuses from `from` to `to`, both included. */
export interface StatusRange {
  readonly from: number;
  readonly to: number;
}

/** Reads `200`, `200-399` or `200,204,300-399`. Throws an Error that says what is allowed. */
export function parseStatusRanges(text: string): readonly StatusRange[] {
  return text.split(',').map((part) => {
    const [, first, last] = /^\s*([1-5]\d\d)(?:-([1-5]\d\d))?\s*$/.exec(part) ?? [];
    const from = Number(first);
    const to = Number(last ?? first);
    if (!(from <= to))
      throw new Error(
        `must be statuses from 100 to 599, as in 200, 200-399 or 200,204${statusClassHint(part)}`,
      );
    return { from, to };
  });
}

/** What to write instead of a class such as `5xx`, for error messages; '' for other texts. */
export function statusClassHint(text: string): string {
  const digit = /^\s*([1-5])xx\s*$/i.exec(text)?.[1];
  return digit === undefined ? '' : `; a class is written as a range: ${digit}00-${digit}99`;
}
