/** The most characters of a message that the log shows. */
const MOST_SHOWN = 64;
/**
 * Values of fields whose names hold one of these words are never shown: they are credentials, or identify a person. An author and
 * a keyword are no secrets.
 */
const SECRET_NAME =
  /auth(?!or(?!i[sz]))|cookie|token|secret|passw|passphrase|pwd|key(?!word)|session|sessid|credential|signature|hmac|jwt|bearer|csrf|xsrf|saml|otp|pin$|cert/i;
/** Stands for a secret that is not shown, in all lines about messages. */
export const HIDDEN = '***';
/** Stands for the rest of a text that is too long to be shown. */
export const CUT = '...';

/** Whether the values of fields with that name may hold a secret. */
export function isSecret(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** The beginning of a text (latin1) of a message: printable, bounded, without credentials and queries of URLs. */
export function excerpt(text: string): string {
  const masked = withoutSecrets(text);
  return masked.length <= MOST_SHOWN ? printable(masked) : printable(masked.slice(0, MOST_SHOWN)) + CUT;
}

/** As {@link excerpt}, for a target or a request line: their `;` parameters, fragments and user names are secrets too. */
export function targetExcerpt(text: string): string {
  return excerpt(withoutTargetSecrets(text));
}

/** The value of a field in the form of {@link excerpt}; hidden when the name says that it is a secret. */
export function valueExcerpt(name: string, value: string): string {
  if (value === '') return '';
  return isSecret(name) ? HIDDEN : excerpt(value);
}

/** The text up to the byte that broke a rule, and that byte in angle brackets. `name`: of the field whose value it is, or ''. */
export function excerptUpTo(name: string, before: string, byte: number | undefined): string {
  const broken = byte === undefined ? '' : `<${printable(String.fromCharCode(byte))}>`;
  if (isSecret(name)) return byte !== undefined && isPrintable(byte) ? HIDDEN : HIDDEN + broken;
  // Without a name the text is a start line.
  const masked = withoutSecrets(name === '' ? withoutTargetSecrets(before) : before);
  const shown = masked.length <= MOST_SHOWN ? masked : masked.slice(-MOST_SHOWN);
  return `${masked.length > MOST_SHOWN ? CUT : ''}${printable(shown)}${broken}`;
}

/** Takes out the secrets that URLs may hold: the query, up to the next blank, and credentials before a host. */
function withoutSecrets(text: string): string {
  let shown = text;
  if (shown.includes('?')) shown = shown.replace(/\?\S+/g, `?${HIDDEN}`);
  if (shown.includes('@')) shown = shown.replace(/\/\/[^/\s]*@/g, `//${HIDDEN}@`);
  return shown;
}

/** Takes out the secrets of a target beside its query: `user:password@`, `;` parameters of segments, and the fragment. */
function withoutTargetSecrets(text: string): string {
  let shown = text;
  if (shown.includes('@')) shown = shown.replace(/(^|\s|\/\/)[^/?#\s]*@/g, `$1${HIDDEN}@`);
  if (shown.includes('#')) shown = shown.replace(/#\S*/g, `#${HIDDEN}`);
  if (shown.includes(';')) shown = shown.replace(/;[^/?#\s]*/g, `;${HIDDEN}`);
  return shown;
}

/** Control bytes, bytes above ASCII and backslashes as escapes. */
function printable(text: string): string {
  return text.replace(/[^ -[\]-~]/g, (byte) =>
    byte === '\\' ? '\\\\' : `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

function isPrintable(byte: number): boolean {
  return byte >= 0x20 && byte < 0x7f;
}
