import type { ProtocolInstance } from '../../plugin-api/index.ts';

/** The connections that a listener's plugin took over, from when it came until another plugin took its place. */
export class PluginCohort {
  /** Tells the plugin from another one, and from another version of itself. */
  readonly plugin: object | undefined;
  #last: ProtocolInstance | undefined;
  #connections = 0;
  #whenOver: (() => void) | undefined;

  constructor(plugin: object | undefined) {
    this.plugin = plugin;
  }

  /** The instance that its connections keep to; undefined while they go along with the listener. */
  get kept(): ProtocolInstance | undefined {
    return this.#last;
  }

  begin(): void {
    this.#connections += 1;
  }

  end(): void {
    this.#connections -= 1;
    if (this.#connections === 0) this.#whenOver?.();
  }

  /** Another version of the plugin takes over; this one's connections keep to `last`. Resolves when they are gone. */
  keepTo(last: ProtocolInstance): Promise<void> {
    this.#last = last;
    return new Promise((resolve) => {
      this.#whenOver = resolve;
      if (this.#connections === 0) resolve();
    });
  }
}
