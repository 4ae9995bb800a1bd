/** A field line as some reading takes it. */
export interface ReadField {
  /** Lower case. */
  readonly name: string;
  readonly value: string;
}

export type Framing = 'none' | 'length' | 'chunked' | 'close';

/** A message as some reading takes it; bytes are latin1 text. */
export interface ReadMessage {
  /** Where it begins and ends in the stream. */
  readonly start: number;
  readonly end: number;
  readonly startLine: string;
  /** Of requests. */
  readonly method: string;
  readonly target: string;
  /** Of responses. */
  readonly status: number;
  readonly version: string;
  readonly fields: readonly ReadField[];
  readonly framing: Framing;
  /** Without chunk framing. */
  readonly body: string;
  readonly trailers: readonly ReadField[];
}

export function valuesOf(message: Pick<ReadMessage, 'fields'>, name: string): string[] {
  return message.fields.filter((field) => field.name === name).map((field) => field.value);
}

/** Why a reading stops before the end of a stream. */
export class Refused extends Error {}
export class Incomplete extends Error {}

/** Control bytes and others made visible, for reports. */
export function shown(bytes: string, most = 400): string {
  const cut = bytes.length > most ? `${bytes.slice(0, most)}…(${String(bytes.length)} bytes)` : bytes;
  return cut.replace(/[\0-\x1f\x7f-\xff\\]/g, (character) => {
    const named = { '\r': '\\r', '\n': '\\n', '\t': '\\t', '\\': '\\\\' }[character];
    return named ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}
