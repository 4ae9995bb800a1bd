import type { SeededRandom } from '../../support/seeded-random.ts';
import { rest } from '../traffic.ts';
import type { BackendFleet } from './backend-fleet.ts';

export interface ReaperOptions {
  /** The mean time between two acts. */
  readonly everyMs: number;
  /** A backend is only killed while another one has lived for so long. */
  readonly overlapMs: number;
}

/** Kills and restarts backends at random until it is stopped, and always leaves one alive. All are alive when it has ended. */
export async function reap(
  fleet: BackendFleet,
  random: SeededRandom,
  { everyMs, overlapMs }: ReaperOptions,
  stopping: AbortSignal,
): Promise<void> {
  const starts = new Set<Promise<void>>();
  const start = (backend: (typeof fleet.backends)[number]): void => {
    const started = backend.start().finally(() => starts.delete(started));
    starts.add(started);
  };
  while (!stopping.aborted) {
    const chosen = random.pick(fleet.backends);
    if (!chosen.isStarted) start(chosen);
    else if (fleet.backends.some((other) => other !== chosen && other.livesForMs > overlapMs))
      await chosen.kill();
    await rest(everyMs * (0.5 + random.next()));
  }
  for (const backend of fleet.backends) if (!backend.isStarted) start(backend);
  await Promise.all(starts);
}
