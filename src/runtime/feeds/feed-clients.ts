import { HeldKeyRing } from '../../net/tls/contexts/held-key-ring.ts';
import type { KeyRingState } from '../../net/tls/contexts/key-ring-state.ts';
import { SharedTicketSet } from '../../net/tls/contexts/ticket-set.ts';
import { HandStates } from '../../upstream/standing/hand-states.ts';
import type { FeedReport, FeedTold, LookedUp } from './feed-messages.ts';
import { HealthClient } from './health-client.ts';
import { NamesClient } from './names-client.ts';
import { WatchOutbox } from './watch-outbox.ts';

/** The supervisor, as the feeds of a worker see it. */
export interface FeedSupervisor {
  report(report: FeedReport): void;
  lookUp(host: string): Promise<LookedUp>;
}

/** What a worker gets from feeds. */
export class FeedClients {
  readonly health: HealthClient;
  readonly names: NamesClient;
  /** What operators have set backends to. */
  readonly hands = new HandStates();
  readonly ticketKeys: HeldKeyRing;

  /**
   * @param keys the keys of session tickets when the worker began
   * @param refusedTickets the memory of `SharedTicketSet`
   */
  constructor(supervisor: FeedSupervisor, keys: KeyRingState, refusedTickets: SharedArrayBuffer) {
    const outbox = new WatchOutbox((report) => {
      supervisor.report(report);
    });
    this.health = new HealthClient(outbox);
    this.names = new NamesClient(outbox, (host) => supervisor.lookUp(host));
    this.ticketKeys = new HeldKeyRing(keys, new SharedTicketSet(refusedTickets));
  }

  take(told: FeedTold): void {
    if (told.kind === 'ticket-keys') {
      this.ticketKeys.replaceKeys(told.keys);
      return;
    }
    if (told.kind === 'hand-states') {
      this.hands.replaceAll(told.entries);
      return;
    }
    for (const [id, state] of told.names) this.names.take(id, state);
    for (const [id, state] of told.health) this.health.take(id, state);
  }
}
