/**
 * A part of a large value, as plain data: what stands at the end of `path` in it. Arrays and maps come in runs, one behind the other.
 */
export interface ValuePart {
  /** Keys and indexes from the top; of a map, the keys. */
  readonly path: readonly (string | number)[];
  /** `whole`: the value itself, or what a container begins with. `run`: what is added to the container that is there. */
  readonly kind: 'whole' | 'run';
  readonly value: unknown;
}

/** A part weighs at most about so much; then copying it takes one or two milliseconds. */
const MOST_WEIGHT = 4_000;
/** A text of so many characters weighs as much as a number. */
const LIGHT_TEXT = 256;

/**
 * Cuts a value of objects, arrays, maps, texts and numbers into parts that are each copied to another thread in a short time. A value that is
 * small enough comes as one part. An element that stands alone, such as a long text, is not cut.
 */
export function* partsOf(value: unknown, path: ValuePart['path'] = []): Generator<ValuePart> {
  if (!isContainer(value) || weigh(value, MOST_WEIGHT) <= MOST_WEIGHT) {
    yield { path, kind: 'whole', value };
    return;
  }
  yield { path, kind: 'whole', value: emptyLike(value) };
  let run: [string | number, unknown][] = [];
  let weight = 0;
  const flush = (): ValuePart => {
    const part: ValuePart = { path, kind: 'run', value: run };
    run = [];
    weight = 0;
    return part;
  };
  for (const [key, element] of elementsOf(value)) {
    const heavy = weigh(element, MOST_WEIGHT);
    if (run.length > 0 && weight + heavy > MOST_WEIGHT) yield flush();
    if (heavy > MOST_WEIGHT) yield* partsOf(element, [...path, key]);
    else {
      run.push([key, element]);
      weight += heavy;
    }
  }
  if (run.length > 0) yield flush();
}

/** Puts the parts of a value together again, in the order in which they were cut. */
export class ValueAssembly {
  #root: unknown;

  add({ path, kind, value }: ValuePart): void {
    const last = path.at(-1);
    if (kind === 'run') {
      const container = this.#at(path);
      for (const [key, element] of value as [string | number, unknown][]) put(container, key, element);
    } else if (last === undefined) this.#root = value;
    else put(this.#at(path.slice(0, -1)), last, value);
  }

  /** What was added so far. */
  get value(): unknown {
    return this.#root;
  }

  #at(path: ValuePart['path']): Container {
    let here: unknown = this.#root;
    for (const key of path) here = here instanceof Map ? here.get(key) : (here as Fields)[key];
    return here as Container;
  }
}

type Fields = Record<string | number, unknown>;
type Container = Fields | unknown[] | Map<string | number, unknown>;

/** Sets and the like are no containers: they are copied whole. */
function isContainer(value: unknown): value is Container {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value) || value instanceof Map) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function emptyLike(value: Container): Container {
  if (Array.isArray(value)) return [];
  return value instanceof Map ? new Map<string | number, unknown>() : {};
}

function elementsOf(value: Container): Iterable<[string | number, unknown]> {
  if (Array.isArray(value)) return value.entries();
  return value instanceof Map ? value.entries() : Object.entries(value);
}

function put(container: Container, key: string | number, element: unknown): void {
  if (container instanceof Map) container.set(key, element);
  else if (key === '__proto__') {
    const property = { value: element, writable: true, enumerable: true, configurable: true };
    Object.defineProperty(container, key, property);
  } else (container as Fields)[key] = element;
}

/** About how long it takes to copy a value. Looks no further once that is more than `most`. */
function weigh(value: unknown, most: number): number {
  if (typeof value === 'string') return 1 + value.length / LIGHT_TEXT;
  if (typeof value !== 'object' || value === null) return 1;
  if (!isContainer(value)) return 1;
  let weight = 1;
  for (const [, element] of elementsOf(value)) {
    weight += 1 + weigh(element, most - weight);
    if (weight > most) break;
  }
  return weight;
}
