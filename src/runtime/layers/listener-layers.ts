import type { Listener as ListenerConfig } from '../../config/schema/config.generated.ts';
import type { TransportLayer } from '../../net/layers/layer.ts';
import type { ServerContexts } from '../../net/tls/contexts/server-contexts.ts';

/** What runs on each connection of a listener before its protocol gets it, made from one config. */
export interface ListenerLayers {
  /** In the order in which they run. */
  readonly list: readonly TransportLayer[];
  /** The certificates of the listener; undefined when it decrypts nothing. */
  readonly contexts: ServerContexts | undefined;
}

export const NO_LAYERS: ListenerLayers = { list: [], contexts: undefined };

/** Makes the layers of listeners while an edit is prepared. */
export class LayerBuilder {
  /**
   * Makes the layers of one listener.
   *
   * @param _before what the listener of the same name has now; contexts that did not change are taken over
   */
  build(_listener: ListenerConfig, _before: ListenerLayers | undefined): Promise<ListenerLayers> {
    return Promise.resolve(NO_LAYERS);
  }
}
