/** The text that replaces a secret. */
export const MASK = '***';

const SECRET_NAME =
  /(^|[-_.\s])(authorization|cookies?|token|pass(word|wd|phrase)?|secret|credentials?|api[-_]?key|private[-_]?key|access[-_]?key)s?$/i;
const CAMEL_HUMP = /([a-z0-9])([A-Z])/g;

/** Whether the name of a header or setting sounds as if its value were secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name.replaceAll(CAMEL_HUMP, '$1_$2'));
}
