import type { ProtocolInstance } from '../../plugin-api/index.ts';

/**
 * The connections of one listener that one version of a plugin took over. An edit moves them to the new instance of that version. When
 * another version or another plugin serves the listener, they stay with the last instance of their version.
 */
export class PluginCohort {
  /** The plugin in this version: another version is another object. */
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
