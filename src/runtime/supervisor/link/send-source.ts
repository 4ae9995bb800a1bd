import type { GenerationSource } from '../../control/proxy-control.ts';
import type { GrantedSlots, WorkerQuestions } from './messages.ts';
import { partsOf } from './sliced-value.ts';
import type { Ask } from './thread-messages.ts';

/** How long a worker may take over one part. */
const PART_LIMIT_MS = 10_000;

/** What all workers build. */
export interface SharedGeneration {
  readonly id: number;
  readonly source: GenerationSource;
  readonly slots: GrantedSlots;
  /** Number of the grant of these slots: a generation that is refused may be prepared again under its number. */
  readonly grantId: number;
}

/** Asks one worker, or several at the same time. */
export type SourceReceiver = (
  ask: Ask<WorkerQuestions, 'source-part' | 'prepare'>,
  limitMs: number,
) => Promise<unknown>;

/**
 * Has a generation prepared from a source, which is sent first. A large one is sent in parts, one at a time: the event loops of both threads,
 * which copy it, turn between them. Rejects as `receive` does.
 */
export async function sendSource(
  receive: SourceReceiver,
  { id: generation, source, slots }: SharedGeneration,
  limitMs: number,
): Promise<void> {
  for (const part of partsOf(source)) {
    if (part.value === source) {
      await receive({ kind: 'prepare', generation, source, slots }, limitMs);
      return;
    }
    await receive({ kind: 'source-part', generation, part }, PART_LIMIT_MS);
  }
  await receive({ kind: 'prepare', generation, slots }, limitMs);
}
