/** A resource that must not outlive its connection or its protocol instance, such as a lease or a timer. */
export interface ScopedResource {
  /** The connection or instance is gone: end the resource now. Must not throw. */
  destroy(): void;
}

/** All resources of a connection or of a protocol instance. They end with it at the latest, even when a plugin forgets to end them. */
export class LifetimeScope {
  readonly #held = new Set<ScopedResource>();
  #isClosed = false;

  /** True when the scope was closed: nothing may be added any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  add(resource: ScopedResource): void {
    this.#held.add(resource);
  }

  delete(resource: ScopedResource): void {
    this.#held.delete(resource);
  }

  /** Ends all resources that are left. Returns how many there were. */
  close(): number {
    this.#isClosed = true;
    const left = [...this.#held];
    this.#held.clear();
    for (const resource of left) resource.destroy();
    return left.length;
  }
}
