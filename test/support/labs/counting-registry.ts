import type { WatchedHealth } from '../../../src/health/watch/health-feed.ts';
import { Ref } from '../../../src/net/resources/ref-counted-map.ts';
import { Registry } from '../../../src/runtime/upstreams/registry.ts';

/** How many parts of each kind somebody has a reference to. */
export interface RegistrySizes {
  readonly backends: number;
  readonly pools: number;
  readonly monitors: number;
}

/** A registry that counts the references that it gives. */
export class CountingRegistry extends Registry {
  readonly #backends = new References();
  readonly #pools = new References();
  readonly #monitors = new References();

  /** Parts with a reference that was not released. */
  get sizes(): RegistrySizes {
    return { backends: this.#backends.size, pools: this.#pools.size, monitors: this.#monitors.size };
  }

  override backend(...args: Parameters<Registry['backend']>): ReturnType<Registry['backend']> {
    return this.#backends.count(super.backend(...args));
  }

  override pool(...args: Parameters<Registry['pool']>): ReturnType<Registry['pool']> {
    return this.#pools.count(super.pool(...args));
  }

  override health(...args: Parameters<Registry['health']>): WatchedHealth {
    const watched = super.health(...args);
    const counted = this.#monitors.count(
      new Ref({ key: '', value: watched.health, references: 1 }, () => {
        watched.release();
      }),
    );
    return {
      ...watched,
      release: () => {
        counted.release();
      },
    };
  }
}

/** How many references there are to each of some values. */
class References {
  readonly #counts = new Map<unknown, number>();

  get size(): number {
    return this.#counts.size;
  }

  count<T>(given: Ref<T>): Ref<T> {
    const { value } = given;
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + 1);
    return new Ref({ key: '', value, references: 1 }, () => {
      given.release();
      const left = (this.#counts.get(value) ?? 0) - 1;
      if (left > 0) this.#counts.set(value, left);
      else this.#counts.delete(value);
    });
  }
}
