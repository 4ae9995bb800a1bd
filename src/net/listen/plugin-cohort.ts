import type { ProtocolInstance } from '../../plugin-api/index.ts';

/**
 * The connections of one listener that one version of a plugin took over. They go along with the instances of that version, and when
 * another version or plugin takes its place, they stay with its last instance.
 */
export class PluginCohort {
  /** Tells the plugin from another one, and from another version of itself. */
  readonly plugin: object | undefined;
  #lastInstance: ProtocolInstance | undefined;
  #connections = 0;
  #whenEmpty: (() => void) | undefined;

  constructor(plugin: object | undefined) {
    this.plugin = plugin;
  }

  /** The instance that the connections stay with; undefined while this version of the plugin is the listener's. */
  get lastInstance(): ProtocolInstance | undefined {
    return this.#lastInstance;
  }

  /** A connection was handed to the plugin. */
  add(): void {
    this.#connections += 1;
  }

  /** A connection is over. */
  remove(): void {
    this.#connections -= 1;
    if (this.#connections === 0) this.#whenEmpty?.();
  }

  /** Another version of the plugin takes over, and these connections stay with `last`. Resolves when they are gone. */
  drain(last: ProtocolInstance): Promise<void> {
    this.#lastInstance = last;
    return new Promise((resolve) => {
      this.#whenEmpty = resolve;
      if (this.#connections === 0) resolve();
    });
  }
}
