import type { LoadedConfig } from '../../config/load/loaded-config.ts';
import type { Problem } from '../../config/problems/problem.ts';
import type { ArrivingSocket, LeavingSocket } from '../../net/address-handover.ts';

/** A part of the supervisor that follows the live config, such as logs, metrics and the admin servers. */
export interface ReloadParticipant {
  /** Called once, with the first config and before anything is built of it. Rejects when the proxy can't start so. Default: nothing. */
  begin?(loaded: LoadedConfig): Promise<void> | void;
  /** The sockets that this part has bound and that the config has no use for. Default: none. */
  leaving?(loaded: LoadedConfig, generation: number): readonly LeavingSocket[];
  /**
   * Prepares what the config asks of this part, beside what runs. A socket whose address one of `leaving` has is bound later.
   *
   * @param leaving the sockets of all parts that the config has no use for
   * @param generation the number under which the config is to go live
   * @throws BalanceError when that can't be; then nothing changed
   */
  prepare(
    loaded: LoadedConfig,
    leaving: readonly LeavingSocket[],
    generation: number,
  ): Promise<PreparedChange>;
}

/** What an edit changes about one part: prepared beside what runs, and not yet done. */
export interface PreparedChange {
  /** What the config says and the running proxy can't do as it is. Default: nothing. */
  readonly warnings?: readonly Problem[];
  /** Sockets that can only be bound once others have left. Default: none. */
  readonly arriving?: readonly ArrivingSocket[];
  /** Makes the change. It must not fail: all that can fail belongs in `prepare`. */
  commit(): void;
  /** Takes back what was prepared. */
  unwind(): void;
}
