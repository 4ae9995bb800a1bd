import type { Listener as ListenerConfig } from '../../config/schema/config.generated.ts';
import type { ProtocolInstance } from '../../plugin-api/index.ts';
import type { LiveInstance } from './live-instance.ts';

/** A listener of the config with the protocol instance that serves it in this generation. */
export class PlannedListener {
  readonly config: ListenerConfig;
  readonly served: LiveInstance;

  constructor(config: ListenerConfig, served: LiveInstance) {
    this.config = config;
    this.served = served;
  }

  get instance(): ProtocolInstance {
    return this.served.instance;
  }
}
