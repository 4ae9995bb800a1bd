import { SharedTables } from '../../shared/shared-tables.ts';
import { SlotTable } from '../../shared/slot-table.ts';
import { sessionTablesOf } from '../upstreams/session-tables.ts';
import { slotKeysOf, type SlotSource } from '../upstreams/slot-keys.ts';
import type { GrantedSlots } from './link/messages.ts';

/** The memory that generations share between workers: slots of words, and tables. */
export class WorkerMemory {
  readonly slots: SlotTable;
  readonly #tables = new SharedTables();

  constructor(workers: number, chance: () => number) {
    this.slots = new SlotTable(workers, chance);
  }

  /** Gives a generation what it shares, before any worker prepares it. @param live what the live generation was built from */
  grant(generation: number, source: SlotSource, live: SlotSource | undefined): GrantedSlots {
    const grant = this.slots.grant(generation, slotKeysOf(source));
    const staying = new Set(live === undefined ? [] : sessionTablesOf(live.config).keys());
    return {
      grant,
      pages: this.slots.buffers,
      tables: this.#tables.grant(sessionTablesOf(source.config), staying),
    };
  }
}
