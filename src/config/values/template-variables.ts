import { suggestion } from '../problems/closest.ts';

/** What `${name}` may stand for in the value of a header transform. */
export const TEMPLATE_VARIABLES = [
  'duration',
  'client_ip',
  'request_id',
  'backend',
  'host',
  'method',
  'path',
  'route',
] as const;

/** Throws an Error that lists the variables when a value uses another one. */
export function checkTemplate(text: string): void {
  const known: readonly string[] = TEMPLATE_VARIABLES;
  for (const [, name = '', close] of text.matchAll(/\$\{([^}]*)(\}?)/g)) {
    if (close === '') throw new Error('must close each ${ with a }');
    if (known.includes(name)) continue;
    const list = known.map((variable) => `\${${variable}}`).join(' ');
    throw new Error(`must use no other variables than ${list}${suggestion(name, known)}`);
  }
}
