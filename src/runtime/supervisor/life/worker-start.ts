import type { MessagePort } from 'node:worker_threads';

import type { KeyRingState } from '../../../net/tls/contexts/key-ring-state.ts';
import type { Invited } from '../../../net/node/descriptors/invitation.ts';

/** The way by which a worker wakes another one. */
export interface Neighbour {
  /** Index of the other worker. */
  readonly worker: number;
  readonly port: MessagePort;
}

/** What a worker's thread is started with. */
export interface WorkerStart {
  /** From 0 on. A replacement has the index of the worker that it replaces; people see it plus 1. */
  readonly index: number;
  /** How many workers there are. */
  readonly workers: number;
  /** The worker's end of the talk with the supervisor. */
  readonly port: MessagePort;
  /** The threads of other workers that have started before. Later ones are told. */
  readonly neighbours: readonly Neighbour[];
  /** How to get descriptors. */
  readonly invited: Invited;
  /** The same in all workers; as `ProxyIds.proxyId`. */
  readonly proxyId: string;
  /** `service.instance.id` of spans: the same in all workers. */
  readonly instanceId: string;
  /** As `ProxyIds.lastReadingId`: no two threads have the same one. */
  readonly lastReadingId: number;
  /** The memory of `WorkerWords`. */
  readonly words: SharedArrayBuffer;
  /** The keys of session tickets, as all workers use them now. */
  readonly ticketKeys: KeyRingState;
  /** The memory of `SharedAddressRates`. */
  readonly addressRates: SharedArrayBuffer;
  /** The memory of `SharedTicketSet`: tickets of refused clients. */
  readonly refusedTickets: SharedArrayBuffer;
  /** The folder that relative names of log files start from. */
  readonly directory: string;
}
