import type { FaultOwner } from '../../net/faults/plugin-fault.ts';
import type { OwnedTransport } from '../../net/transport/owned-transport.ts';

/** The owner of a leased channel: its lease. */
export interface ChannelHolder extends FaultOwner {
  /** The channel is closed, and its reader has been told. */
  channelGone(channel: Channel): void;
}

/**
 * What a lease needs to know of its connection to a backend. Today a channel is a whole socket. A stream of a connection that several
 * leases share, as in HTTP/2, can be one too: the lease sees no difference.
 */
export interface Channel {
  /** The bytes in both directions, as the protocol that has the lease gets them. */
  readonly stream: OwnedTransport;
  /** How many exchanges were begun on it. */
  uses: number;
  /** Its lease, which is told once when the channel is closed; undefined while the channel rests. */
  holder: ChannelHolder | undefined;
  /**
   * Whether a further exchange may begin on it. False when it is dead, when its backend ends it, or when the backend's host name no
   * longer has the address that it is connected to.
   */
  readonly isUsable: boolean;
}
