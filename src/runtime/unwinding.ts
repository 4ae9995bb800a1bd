/** The steps that undo what was built so far, taken in reverse when a later stage fails or the whole is over. */
export class Unwinding {
  readonly #steps: (() => void)[] = [];

  push(step: () => void): void {
    this.#steps.push(step);
  }

  unwind(): void {
    for (;;) {
      const step = this.#steps.pop();
      if (step === undefined) return;
      step();
    }
  }
}
