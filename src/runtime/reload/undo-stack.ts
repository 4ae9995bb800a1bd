/** The steps that undo what was built so far, taken in reverse when a later stage fails. */
export class UndoStack {
  readonly #steps: (() => void)[] = [];

  push(step: () => void): void {
    this.#steps.push(step);
  }

  /** Takes all steps, the last one first, and once. One that throws keeps none of the others from being taken; its error is thrown at the end. */
  undo(): void {
    const errors: unknown[] = [];
    for (;;) {
      const step = this.#steps.pop();
      if (step === undefined) break;
      try {
        step();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}
