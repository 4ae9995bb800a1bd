import type { SharedQueue } from '../sharing/queue-share.ts';
import type { GroupMembers } from './group-members.ts';
import type { LeaseQueue } from './lease-queue.ts';

/** What of a group other workers' queues ask for. */
export interface QueuedGroup {
  readonly queue: () => LeaseQueue;
  readonly members: () => GroupMembers;
  /** Serves the leases whose turn it is. */
  readonly serve: () => void;
}

/** The queue of a group, as queues of other workers see it. */
export function sharedQueueOf({ queue, members, serve }: QueuedGroup): SharedQueue {
  return {
    get length() {
      return queue().length;
    },
    get firstSinceMs() {
      // Each worker finds limits of its own: where this one has no room, others may have.
      if (members().all[0]?.requests?.adaptive !== undefined) return undefined;
      // One that has tried a backend may wait for another one than the next that has room.
      return queue().first()?.tried === undefined ? queue().firstSinceMs : undefined;
    },
    hasRoom: () => members().hasRoom(),
    serve,
    askForRoom: () => {
      members().askForRoom();
    },
  };
}
