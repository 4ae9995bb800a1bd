import type { BackendState, PoolQueue } from './backend-state.ts';

/** Listens to the backends of one upstream. */
export class BackendListeners {
  #stop: readonly (() => void)[] = [];

  get areOn(): boolean {
    return this.#stop.length > 0;
  }

  /**
   * No effect while they are on.
   *
   * @param queue its leases may wait for a place in the pools of these backends
   * @param freed called with the index of a backend that may be available now
   */
  begin(backends: readonly BackendState[], queue: PoolQueue, freed: (at: number) => void): void {
    if (this.areOn) return;
    this.#stop = backends.map((backend, at) => {
      backend.poolQueues.add(queue);
      const stop = backend.onFree(() => {
        freed(at);
      });
      return () => {
        backend.poolQueues.delete(queue);
        stop();
      };
    });
  }

  end(): void {
    for (const stop of this.#stop) stop();
    this.#stop = [];
  }
}
