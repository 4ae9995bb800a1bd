import type { MessagePort } from 'node:worker_threads';

/**
 * Wakes other workers: a hint that words which both see have changed. A wake may get lost, as when its worker ends or is blocked. So who
 * waits for one also looks by itself from time to time.
 */
export interface Wakes {
  /** @param topic what the other worker should look at: the number of a slot, or a negative number of another kind */
  wake(worker: number, topic: number): void;
  /** Calls `look` whenever another worker wakes this one for that topic. The returned function stops that. */
  on(topic: number, look: () => void): () => void;
}

/** {@link Wakes} over a message port to each other worker. */
export class PortWakes implements Wakes {
  readonly #ports = new Map<number, MessagePort>();
  /** Replaced, never changed: a look may stop itself or others. */
  readonly #looks = new Map<number, readonly (() => void)[]>();

  /** From now on wakes for that worker go over `port`, in place of an earlier one. */
  connect(worker: number, port: MessagePort): void {
    this.release(worker);
    this.#ports.set(worker, port);
    port.on('message', (topic: unknown) => {
      if (typeof topic === 'number') this.#woken(topic);
    });
    port.unref();
  }

  /** That worker is gone. */
  release(worker: number): void {
    this.#ports.get(worker)?.close();
    this.#ports.delete(worker);
  }

  wake(worker: number, topic: number): void {
    this.#ports.get(worker)?.postMessage(topic);
  }

  on(topic: number, look: () => void): () => void {
    this.#looks.set(topic, [...(this.#looks.get(topic) ?? []), look]);
    return () => {
      const others = (this.#looks.get(topic) ?? []).filter((other) => other !== look);
      if (others.length > 0) this.#looks.set(topic, others);
      else this.#looks.delete(topic);
    };
  }

  close(): void {
    for (const worker of [...this.#ports.keys()]) this.release(worker);
  }

  #woken(topic: number): void {
    for (const look of this.#looks.get(topic) ?? []) look();
  }
}
