/** The results of feeding a reader with bytes: all were consumed, and the reader needs more. */
export const MORE = 0;
/** A head is complete. */
export const HEAD = 1;
/** A chunked message is complete. */
export const END = 2;
export const INVALID = 3;
export const TOO_LARGE = 4;
export type Progress = typeof MORE | typeof HEAD | typeof END | typeof INVALID | typeof TOO_LARGE;
