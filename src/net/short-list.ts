/** How many texts of a list are shown by default: a message with so many addresses is still readable. */
const MOST_SHOWN = 8;

/** The first texts of a list that may be long, for messages and log lines, and how many more there are. */
export function shortList(texts: readonly string[], separator = ', ', mostShown = MOST_SHOWN): string {
  const rest = texts.length - mostShown;
  return texts.slice(0, mostShown).join(separator) + (rest > 0 ? ` and ${String(rest)} more` : '');
}
