import type { WorkerSlots } from '../../../src/shared/worker-slots.ts';
import { parseAddress } from '../../../src/config/values/address.ts';
import { BackendShare } from '../../../src/upstream/sharing/backend-share.ts';
import { BackendState } from '../../../src/upstream/backend/backend-state.ts';
import { UpstreamShare } from '../../../src/upstream/sharing/upstream-share.ts';
import { owned } from '../owned.ts';
import { groupOver, type GroupLab, type GroupOptions } from './group-lab.ts';
import { sharedSlots, type LabWakes } from './shared-slots.ts';

/** A group of each worker, all over the same backends. */
export interface SharedGroupLab {
  /** The slots as each worker sees them. */
  readonly slots: readonly WorkerSlots[];
  readonly workers: readonly GroupLab[];
  readonly backends: readonly (readonly BackendState[])[];
  readonly wakes: LabWakes;
  /** The groups by which an edit replaces those of the workers, in all of them. */
  next(options: GroupOptions): readonly GroupLab[];
  /** The words of that worker are given back, as when its thread has ended. */
  reclaim(worker: number): void;
}

/** The same upstream in that many workers, which all are in the thread of the test. */
export function sharedGroups(
  count: number,
  addresses: readonly string[],
  options: GroupOptions = {},
): SharedGroupLab {
  const keys = ['upstream', ...addresses.map((address) => `backend ${address}`)];
  const { table, wakes, slots } = sharedSlots(count, keys);
  const backends = slots.map((own) =>
    addresses.map((address, index) => {
      const share = new BackendShare(own.open(`backend ${address}`), own);
      return owned(new BackendState(index, `b${index}`, parseAddress(address), address, share));
    }),
  );
  const shares = slots.map((own) => owned(new UpstreamShare(own.open('upstream'), own)));
  const groupsOf = (settings: GroupOptions): readonly GroupLab[] =>
    shares.map((share, worker) => groupOver(backends[worker] ?? [], { ...settings, share }));
  const workers = groupsOf(options);
  return { workers, backends, slots, wakes, next: groupsOf, reclaim: (worker) => table.reclaim(worker) };
}
