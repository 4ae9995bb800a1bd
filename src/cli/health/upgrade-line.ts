/** What `balance upgrade` asks for on the socket of `balance health`. */
export interface AskedUpgrade {
  /** How long the new version may take until it is ready; undefined: as the config says. */
  readonly timeoutMs: number | undefined;
}

/** No line that asks for an upgrade has more characters. */
export const UPGRADE_LINE_LIMIT = 64;
/** How the last line of the answer begins: the new version serves. */
export const DONE = 'done: ';
/** How the last line of the answer begins: nothing changed. */
export const FAILED = 'failed: ';

const LINE = /^upgrade(?: (\d{1,9}))?\n/;

export function writeUpgradeLine({ timeoutMs }: AskedUpgrade): string {
  return timeoutMs === undefined ? 'upgrade\n' : `upgrade ${String(timeoutMs)}\n`;
}

/** undefined for a line that asks for nothing that is known. */
export function readUpgradeLine(line: string): AskedUpgrade | undefined {
  const found = LINE.exec(line);
  if (found === null) return undefined;
  return { timeoutMs: found[1] === undefined ? undefined : Number(found[1]) };
}
