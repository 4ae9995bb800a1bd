import type { PredecessorReading, UpgradeReading, UpgradesReading } from '../../readings/upgrade.ts';
import { processState } from './process-state.ts';
import type { DrainingProcess, Succession } from './upgrade-messages.ts';

/** More processes are not remembered: each is a whole proxy, and only its last tunnels keep it. */
const MOST_DRAINING = 64;

/** What became of the upgrades of this proxy, over all its processes. */
export class UpgradeHistory {
  #succeeded: number;
  #failed: number;
  #last: UpgradeReading | undefined;
  readonly #draining: readonly DrainingProcess[];

  /** @param before what the process before this one hands over; undefined when this one was started as the first */
  constructor(before: Succession | undefined) {
    const { succeeded = 0, failed = 0, draining = [] } = before ?? {};
    this.#succeeded = succeeded;
    this.#failed = failed;
    this.#draining = draining;
  }

  record(outcome: UpgradeReading): void {
    this.#last = outcome;
    if (outcome.ok) this.#succeeded += 1;
    else this.#failed += 1;
  }

  read(isRunning: boolean): UpgradesReading {
    return {
      succeeded: this.#succeeded,
      failed: this.#failed,
      running: isRunning,
      last: this.#last,
      draining: this.#stillDraining().map(shown),
    };
  }

  /** What the next process goes on with; `own` is this process, which drains then. */
  handOver(own: DrainingProcess): Pick<Succession, 'succeeded' | 'failed' | 'draining'> {
    const draining = [...this.#stillDraining(), own].slice(-MOST_DRAINING);
    return { succeeded: this.#succeeded, failed: this.#failed, draining };
  }

  #stillDraining(): readonly DrainingProcess[] {
    return this.#draining.filter(isRunning);
  }
}

/** Not another process that has got the same pid meanwhile. */
function isRunning({ pid, startedAt }: DrainingProcess): boolean {
  const state = processState(pid);
  return typeof state !== 'string' && !state.ended && state.startedAt === startedAt;
}

function shown({ pid, version, sinceMs }: DrainingProcess): PredecessorReading {
  return { pid, version, sinceMs };
}
