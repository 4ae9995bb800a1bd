/** The forms that {@link parseSocketMode} takes, in words for error messages. */
export const SOCKET_MODES = "permissions as three octal digits in quotes, such as '0660'";

/** Reads permissions as chmod does. Throws an Error that says what is allowed. */
export function parseSocketMode(text: string): number {
  if (!/^0?[0-7]{3}$/.test(text)) throw new Error(`must be ${SOCKET_MODES}`);
  return Number.parseInt(text, 8);
}
