import type { LogSubject } from '../../plugin-api/index.ts';

/** A reader as a plugin may bring it: callbacks that should be done when they return may give a promise instead. */
export interface AnyReader extends LogSubject {
  readonly buffer?: Buffer | undefined;
  data(bytes: Buffer, start: number, end: number): unknown;
  end(): unknown;
  drained(): unknown;
  closed(error: Error | undefined): unknown;
}

/** Whom the reader of a stream belongs to. */
export interface FaultOwner {
  /** Name of the plugin. */
  readonly plugin: string | undefined;
  readonly listener: string | undefined;
}

/** Told about an exception that a reader threw; the stream itself is destroyed. */
export type FaultHandler = (error: unknown, subject?: LogSubject, owner?: FaultOwner) => void;
