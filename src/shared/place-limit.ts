/**
 * Places of one kind that several workers share, such as the connections of a listener. The limit comes with each {@link take}: an
 * edit may raise or lower it at any time. While more places are taken than a new limit allows, none is given.
 */
export interface PlaceLimit {
  /** Places that are taken now, in all workers. */
  readonly taken: number;
  /** Takes a place. False when `limit` places are taken already; with `Infinity` there always is one. */
  take(limit: number): boolean;
  /** Gives back a place that was taken here. */
  release(): void;
  /** Gives back all places that were taken here. From then on, places that are taken or given back here count nowhere. */
  close(): void;
}
