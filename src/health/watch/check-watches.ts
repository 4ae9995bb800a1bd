import { formatAddress } from '../../config/values/address.ts';
import type { CheckedBackend } from './health-feed.ts';

/** Who is told of the checks of one address, and the name that the backend has there. */
export interface CheckWatch {
  readonly name: string;
  readonly changed: () => void;
}

/** All who watch one address that is checked. */
export class CheckWatches {
  readonly #watches = new Set<CheckWatch>();

  add(watch: CheckWatch): void {
    this.#watches.add(watch);
  }

  delete(watch: CheckWatch): void {
    this.#watches.delete(watch);
  }

  /** The names that they have for the backend, each once. */
  get names(): ReadonlySet<string> {
    return new Set([...this.#watches].map(({ name }) => name));
  }

  tell(): void {
    for (const { changed } of [...this.#watches]) changed();
  }
}

/** The same for all checks of one backend in one upstream. */
export function placeOf({ upstream, target }: CheckedBackend): string {
  return `${upstream} ${formatAddress(target)}`;
}
