import type { OpenSlot, WorkerSlots } from '../../shared/worker-slots.ts';
import type { BreakerWords } from '../standing/circuit-breaker.ts';
import type { EjectionWords } from '../standing/ejection.ts';
import type { WordWakes } from '../standing/standing-words.ts';
import type { PanicWords } from './panic-share.ts';

/** The words of an ejection that all workers share. */
export function sharedEjection(slot: OpenSlot, slots: WorkerSlots): EjectionWords {
  return {
    until: slot.turn(),
    failures: slot.turn(0),
    count: slot.turn(1),
    wakes: wakesOf(slot, slots),
    close: () => {
      slot.close();
    },
  };
}

/** The words of a circuit breaker that all workers share. */
export function sharedBreaker(slot: OpenSlot, slots: WorkerSlots): BreakerWords {
  return {
    moment: slot.turn(),
    probes: slot.places(0),
    row: slot.turn(1),
    wakes: wakesOf(slot, slots),
    close: () => {
      slot.close();
    },
  };
}

/** The words of an upstream's panics that all workers share. */
export function sharedPanic(slot: OpenSlot): PanicWords {
  return {
    panicking: slot.places(0),
    told: slot.turn(),
    close: () => {
      slot.close();
    },
  };
}

function wakesOf({ slot }: OpenSlot, { worker, workers, wakes }: WorkerSlots): WordWakes {
  return {
    tellOthers: () => {
      for (let other = 0; other < workers; other++) if (other !== worker) wakes.wake(other, slot);
    },
    follow: (look) => wakes.on(slot, look),
  };
}
