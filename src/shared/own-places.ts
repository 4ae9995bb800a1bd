import type { PlaceLimit } from './place-limit.ts';

/** Places of this process alone, for where there are no other workers. */
export class OwnPlaces implements PlaceLimit {
  taken = 0;

  take(limit: number): boolean {
    if (this.taken >= limit) return false;
    this.taken += 1;
    return true;
  }

  release(): void {
    this.taken -= 1;
  }

  close(): void {
    this.taken = 0;
  }
}
