/** How long a test waits for what is sure to come: much more than anything takes, also on a machine that is busy. */
export const PATIENCE_MS = 25_000;
