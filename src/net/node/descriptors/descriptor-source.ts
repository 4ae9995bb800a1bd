/** Gives further descriptors of a socket that listens. */
export interface DescriptorSource {
  /** True while descriptors can be had. */
  readonly isOpen: boolean;
  /**
   * Asks for a further descriptor of the socket below `handle`. `take` is called in a later turn of the event loop, with a handle that it
   * must close one day, or with undefined when there is none.
   */
  copy(handle: object, take: (copy: object | undefined) => void): void;
}
