import type { ProtocolPlugin } from '../plugin-api/index.ts';

/** A plugin in one state of its files: enough for another thread to load the same one. */
export interface PluginReference {
  /** The name of the protocol or filter. */
  readonly name: string;
  readonly kind: 'protocol' | 'http-filter';
  /** The module; '' for a plugin that comes with the proxy. */
  readonly file: string;
  /** The plugin's own folder; undefined for one that is a single file, or comes with the proxy. */
  readonly folder: string | undefined;
  /** Hash of all files of the plugin; '' for a plugin that comes with the proxy. */
  readonly hash: string;
}

/** The plugins that a thread can serve clients with. */
export interface ReferredPlugins {
  /**
   * The plugin in that state of its files; undefined when it can't be had in that state.
   *
   * @param limitMs how long importing it and provisioning a listener may take, each
   * @throws PluginError when the plugin is at fault
   */
  get(reference: PluginReference, limitMs: number): Promise<ProtocolPlugin | undefined>;
}
