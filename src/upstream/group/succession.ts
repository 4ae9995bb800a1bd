/**
 * The groups that serve one upstream name one after the other, as edits change it. All of them share this object, so that
 * whoever still has an earlier one finds the one that serves now without a chain of those between them.
 */
export class Succession<T> {
  /** Undefined once an edit took the upstream away. */
  current: T | undefined;

  constructor(first: T) {
    this.current = first;
  }
}
