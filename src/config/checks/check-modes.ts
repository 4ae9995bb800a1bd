import { suggestion } from '../problems/closest.ts';
import type { Path } from '../problems/problem.ts';
import type { FileCheckContext } from './check-context.ts';

/** The keys that mean something in one mode only. */
const KEYS_OF_MODE: Readonly<Record<string, readonly string[]>> = {
  http: ['http', 'transform', 'mirror', 'health_endpoint'],
  tcp: ['tcp'],
  'a plugin': ['options'],
};

/** Each mode exists, and no listener has settings of a mode that it does not speak. */
export function checkModes(context: FileCheckContext): void {
  const { listeners } = context.file;
  if (listeners === undefined) checkMode([], context.file, context);
  else
    for (const [index, listener] of listeners.entries()) checkMode(['listeners', index], listener, context);
}

function checkMode(at: Path, settings: object, context: FileCheckContext): void {
  const values = settings as Readonly<Record<string, unknown>>;
  const mode = typeof values['mode'] === 'string' ? values['mode'] : 'http';
  if (!context.modes.includes(mode)) {
    const path = [...at, 'mode'];
    const known = context.modes.join(', ');
    const hint = suggestion(mode, context.modes);
    context.error(path, `is ${context.shown(path, mode)}, but must be one of ${known}${hint}`);
    return;
  }
  const kind = mode === 'http' || mode === 'tcp' ? mode : 'a plugin';
  for (const [owner, keys] of Object.entries(KEYS_OF_MODE)) {
    if (owner === kind) continue;
    for (const key of keys) {
      if (values[key] === undefined) continue;
      const here = kind === 'a plugin' ? 'the mode of a plugin' : `mode ${kind}`;
      const there = owner === 'a plugin' ? 'the mode of a plugin' : `mode ${owner}`;
      context.error([...at, key], `belongs to ${there} and has no effect in ${here}`);
    }
  }
}
