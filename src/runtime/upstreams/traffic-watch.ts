import type { BackendState } from '../../upstream/backend/backend-state.ts';

/** So often the backends are looked at. */
const LOOK_EVERY_MS = 1_000;

/** A backend whose traffic somebody wants to know of. */
interface Watched {
  readonly backend: BackendState;
  readonly note: () => void;
  /** What went through its sockets when it was looked at last. */
  bytes: number;
}

/** Tells which backends get traffic, once a second. The traffic itself knows nothing of it. */
export class TrafficWatch {
  readonly #watched = new Set<Watched>();
  #timer: NodeJS.Timeout | undefined;

  /** Calls `note` each second in which the backend serves. The returned function ends that. */
  add(backend: BackendState, note: () => void): () => void {
    const watched = { backend, note, bytes: bytesOf(backend) };
    this.#watched.add(watched);
    this.#timer ??= setInterval(() => {
      this.#look();
    }, LOOK_EVERY_MS).unref();
    return () => {
      this.#watched.delete(watched);
      if (this.#watched.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }

  #look(): void {
    for (const watched of this.#watched) {
      const bytes = bytesOf(watched.backend);
      if (bytes !== watched.bytes || watched.backend.active > 0) watched.note();
      watched.bytes = bytes;
    }
  }
}

function bytesOf({ traffic }: BackendState): number {
  return traffic.bytesReceived + traffic.bytesSent;
}
