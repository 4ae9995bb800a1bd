/** The kinds of work that fail when file descriptors, memory or ports run out: accept a client, connect to a backend, check a backend. */
export type ShortageOf = 'accept' | 'connect' | 'check';

/** 0: nothing is refused. 1: new requests are. 2: new connections are too. */
export type OverloadLevel = 0 | 1 | 2;

/** What overloads a thread, by the two reasons of the section `overload`. Of several workers, the one that is worst. */
export interface OverloadReading {
  readonly event_loop_delay: OverloadLevel;
  readonly heap: OverloadLevel;
}

/** How often each kind of work could not be done. */
export type ShortageCounts = Readonly<Record<ShortageOf, number>>;

/** The resources that the process may run out of. */
export interface ResourcesReading {
  /** The limit on open files; undefined where it is not known, or there is none. */
  readonly limit: number | undefined;
  /** Number of open files; undefined where it is not known. */
  readonly open: number | undefined;
  /** Since when there is a shortage; undefined while there is none. */
  readonly shortSinceMs: number | undefined;
  /** How often each kind of work could not be done. */
  readonly counts: ShortageCounts;
}

/** The parts of Node.js beyond its public API that make the proxy faster. Each is true when this version has it. */
export interface RuntimeWays {
  /** Accepted connections are taken from the listening handle, before Node.js makes a socket for each. */
  readonly interceptedAccept: boolean;
  /** A `net.Socket` is made only for a connection that needs one; see `HandleSocket`. */
  readonly lateSocket: boolean;
  /** Sockets read into shared memory instead of a new buffer for each read. */
  readonly sharedReads: boolean;
  /** Text is written to the handle, without `stream.Writable`; see `DirectWriter`. */
  readonly directText: boolean;
  /** TLS with clients is made over the handles of their connections; see `AcceptedTls`. */
  readonly directTls: boolean;
}

/** Which of these parts are in use. */
export interface RuntimeWaysReading extends RuntimeWays {
  /** Several connections are accepted in one turn of the event loop. */
  readonly acceptBursts: boolean;
}

/** The protocol plugins of the process. */
export interface PluginsReading {
  readonly loaded: readonly {
    readonly name: string;
    /** '' for a plugin that comes with the proxy. */
    readonly file: string;
    /** Hash of all files of the plugin; '' for a plugin that comes with the proxy. */
    readonly hash: string;
  }[];
  /** Files in the plugin folders whose present content could not be loaded. */
  readonly failures: readonly { readonly file: string; readonly reason: string }[];
  /** Files in the plugin folders that are not loaded although they may look like plugins. */
  readonly ignored: readonly { readonly file: string; readonly reason: string }[];
  /** Number of plugin versions that were imported and stay in memory. */
  readonly importedStates: number;
}
