import type { BackendTlsSettings } from '../../../config/sockets/tls-settings.ts';
import { RefCountedMap, type Ref } from '../../resources/ref-counted-map.ts';
import { settingsKey } from '../settings-key.ts';
import { BackendContext, type BackendTlsFiles } from './backend-context.ts';

/** The contexts of this thread: the traffic and the checks of upstreams with the same settings share one, over all generations. */
export class BackendContexts {
  readonly #contexts = new RefCountedMap<BackendContext>(() => undefined);

  /**
   * What TLS connections with these settings share, as their sessions.
   *
   * @param files called when there is none yet
   * @throws Error when OpenSSL can't use a file
   */
  refer(settings: BackendTlsSettings, files: () => BackendTlsFiles): Ref<BackendContext> {
    const key = settingsKey<BackendTlsSettings>(settings);
    return this.#contexts.refer(key, () => new BackendContext(settings, files()));
  }
}
