import { BalanceError } from '../../errors.ts';

/** Something failed because of a plugin. */
export class PluginError extends BalanceError {
  /** The plugin's name; '' when it was not loaded far enough to have one. */
  readonly plugin: string;
  /** What was wrong with the plugin, without what was being done. */
  readonly reason: string;

  constructor(plugin: string, reason: string, message: string, cause?: unknown) {
    super('plugin_failed', message, { origin: 'config', cause });
    this.name = 'PluginError';
    this.plugin = plugin;
    this.reason = reason;
  }
}
