import { fileURLToPath } from 'node:url';

import { errorFrom, messageOf } from '../../errors.ts';
import type { LogFields, Logger, LogSubject } from '../../plugin-api/index.ts';

/** An error that a plugin threw, or rejected a promise with, in a call that should not fail. */
export interface PluginFault {
  /** The plugin's name. */
  readonly plugin: string;
  /** The log message, which says what kind of call failed. */
  readonly message: string;
  readonly error: unknown;
  /** What was affected: the listener, the upstream, the request. */
  readonly fields: LogFields;
}

/**
 * Counts a fault of a plugin, and decides whether it is logged: the log leaves out most of many faults of the same `kind`.
 *
 * @returns how many faults of that kind were left out since the last log line about them; undefined when this one is left out too
 */
export type CountFault = (plugin: string, kind: string) => number | undefined;

/** Which plugin a stream's reader belongs to. */
export interface FaultOwner {
  /** Name of the plugin. */
  readonly plugin: string | undefined;
  readonly listener: string | undefined;
  /** The upstream that the stream's lease is of. Absent for streams of clients. */
  readonly upstream?: string | undefined;
}

/** Reports an error that a reader threw. The stream destroys itself. */
export type FaultHandler = (error: unknown, subject?: LogSubject, owner?: FaultOwner) => void;

/** The proxy's own code, as opposed to a plugin's. */
const OWN_FOLDER = fileURLToPath(new URL('../../', import.meta.url));
/** The part of a module's URL that tells one loaded version of a plugin file from another. */
const STATE = /\?state=[0-9a-z.]+/g;
const MAX_FRAMES = 8;

/** Counts a fault, and logs it with its place in the plugin's code unless too many like it were logged. */
export function reportFault(fault: PluginFault, logger: Logger, count?: CountFault): void {
  const { plugin, message, fields } = fault;
  const error = errorFrom(fault.error);
  const frames = framesOf(error);
  const at = placeOf(frames);
  const kind = [message, fields['listener'], at ?? messageOf(error)].join(' ');
  const leftOut = count === undefined ? 0 : count(plugin, kind);
  if (leftOut === undefined) return;
  logger.error(message, {
    plugin,
    ...fields,
    error: messageOf(error),
    at,
    stack: frames.length === 0 ? undefined : frames.slice(0, MAX_FRAMES).join('\n').replace(STATE, ''),
    more_before: leftOut === 0 ? undefined : leftOut,
  });
}

/** The log fields that say what a failed call was about. */
export function fieldsOf(subject: LogSubject | undefined): LogFields {
  try {
    return subject?.logFields?.() ?? {};
  } catch {
    // A call of the subject has failed. If `logFields` fails as well, the log line has no fields of the subject.
    return {};
  }
}

/** The calls that led to an error, the innermost one first. */
function framesOf({ stack = '' }: Error): readonly string[] {
  const lines = stack.split('\n').map((line) => line.trim());
  return lines.filter((line) => line.startsWith('at '));
}

/** `/etc/balance/plugins/echo.mjs:12:7`: the innermost call in the plugin's own code. */
function placeOf(frames: readonly string[]): string | undefined {
  const inPlugin = frames.find((frame) => frame.includes('?state=')) ?? frames.find(isForeign) ?? frames[0];
  const place = /\(?((?:file:\/\/)?\/[^()]*:\d+:\d+)\)?$/.exec(inPlugin ?? '')?.[1];
  if (place === undefined) return undefined;
  const path = place.replace(STATE, '');
  return path.startsWith('file://') ? decoded(path.slice('file://'.length)) : path;
}

function isForeign(frame: string): boolean {
  return !frame.includes('node:') && !frame.includes(OWN_FOLDER);
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
