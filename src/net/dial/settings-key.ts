/** The types that a setting may have: plain data, which its text describes completely. */
type Plain = string | number | boolean | undefined | readonly Plain[] | { readonly [field: string]: Plain };

/** An interface whose fields are all plain data, or interfaces of such fields. */
export type PlainSettings<T> = { readonly [Field in keyof T]: PlainField<T[Field]> };

type PlainField<T> = T extends Plain
  ? T
  : T extends (...args: never) => unknown
    ? never
    : T extends object
      ? PlainSettings<T>
      : never;

/**
 * A text that is equal for two settings objects when, and only when, all their fields are. It is made from every field that the
 * object has, so a setting that is added later can't be forgotten. A field that is undefined counts as absent.
 *
 * @throws TypeError when a field is no plain data (a function, a symbol, an object of a class): its text would not tell it from others
 */
export function settingsKey<T extends object>(settings: PlainSettings<T>): string {
  return textOf(settings);
}

/** The keys of settings objects that never change, made once for each object: an upstream asks with the same one for each of its backends. */
export class SettingsKeys<T extends object> {
  readonly #keys = new WeakMap<object, string>();

  keyOf(settings: PlainSettings<T>): string {
    let key = this.#keys.get(settings);
    if (key === undefined) {
      key = settingsKey<T>(settings);
      this.#keys.set(settings, key);
    }
    return key;
  }
}

function textOf(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'number':
    case 'boolean':
      return String(value);
    case 'object':
      if (value === null) return 'null';
      if (Array.isArray(value)) return `[${value.map(textOf).join()}]`;
      return textOfObject(value);
    default:
      throw new TypeError(`a ${typeof value} is no setting`);
  }
}

function textOfObject(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null)
    throw new TypeError('an object of a class is no setting');
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${textOf(field)}`).join()}}`;
}
