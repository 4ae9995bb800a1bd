/** An object whose fields are all numbers. */
export type Amounts<T> = Readonly<Record<keyof T, number>>;

/** Something that counts for itself, such as a backend or a listener. When it goes, its counts go with it. */
export interface Counted<Counts extends Amounts<Counts>, Gauges extends Amounts<Gauges>> {
  /** Tells it from others of the same name. Never used again for another one in the same process. */
  readonly id: number;
  readonly name: string;
  /** Numbers that only grow, counted since the thing was made. */
  readonly counts: Counts;
  /** Numbers of this moment. */
  readonly gauges: Gauges;
}
