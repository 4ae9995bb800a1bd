/** Work that is done in steps of a fraction of a millisecond: to make a large table in one piece would delay traffic. */
export type Steps<T> = Generator<undefined, T>;

/** Does all steps at once. */
export function finished<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
