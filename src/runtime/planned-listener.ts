import type { Listener as ListenerConfig } from '../config/config.generated.ts';
import { messageOf } from '../errors.ts';
import type { Logger, ProtocolInstance } from '../plugin-api/index.ts';

/** A listener of the config with the protocol instance that serves it in this generation. */
export class PlannedListener {
  readonly config: ListenerConfig;
  readonly instance: ProtocolInstance;
  readonly #logger: Logger;
  #closed: Promise<void> | undefined;

  constructor(config: ListenerConfig, instance: ProtocolInstance, logger: Logger) {
    this.config = config;
    this.instance = instance;
    this.#logger = logger;
  }

  /** Asks the instance once to close. Never rejects: what a plugin fails at keeps nobody from going on. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    try {
      await this.instance.close();
    } catch (error) {
      this.#logger.error('protocol failed to close', { error: messageOf(error) });
    }
  }
}
