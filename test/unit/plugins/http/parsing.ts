import type { Head } from '../../../../plugins/http/h1/parse/head.ts';
import { ParserSupply, REQUEST, type MessageKind } from '../../../../plugins/http/h1/llhttp/llhttp.ts';
import {
  END,
  HEAD,
  INVALID,
  MessageReader,
  MORE,
  TOO_LARGE,
} from '../../../../plugins/http/h1/parse/message-reader.ts';
import { HeadRecorder } from '../../../../plugins/http/h1/parse/head-recorder.ts';

const supply = new ParserSupply();
const recorder = new HeadRecorder(supply.first.arena.length);

/** What a reader made of bytes that it got in pieces. */
export interface Reading {
  readonly outcome: 'more' | 'head' | 'invalid' | 'too large';
  readonly method: string;
  readonly status: number;
  readonly target: string;
  readonly minor: number;
  /** Names and values, in order. */
  readonly fields: readonly (readonly [string, string])[];
  /** The field lines as they would be forwarded. */
  readonly lines: readonly string[];
  /** Bytes up to the end of the head. */
  readonly consumed: number;
}

export function reader(kind: MessageKind = REQUEST, headerSize = 100_000, headerCount = 200): MessageReader {
  return new MessageReader(supply, recorder, kind, { headerSize, headerCount });
}

/** Feeds `text` in pieces that end at `cuts` (and at its end) up to the end of its head. */
export function readInPieces(text: string, cuts: readonly number[], kind: MessageKind = REQUEST): Reading {
  const message = reader(kind);
  const bytes = Buffer.from(text, 'latin1');
  const ends = [...new Set([...cuts.filter((cut) => cut > 0 && cut < bytes.length), bytes.length])].sort(
    (a, b) => a - b,
  );
  let start = 0;
  try {
    for (const end of ends) {
      const progress = message.feed(bytes, start, end);
      if (progress === HEAD) return reading('head', message.head, message.position);
      if (progress === INVALID) return reading('invalid', undefined, 0);
      if (progress === TOO_LARGE) return reading('too large', undefined, 0);
      start = end;
    }
    return reading('more', undefined, 0);
  } finally {
    message.finish();
  }
}

/** Reads a whole chunked message in pieces: its body, and its trailers. */
export function readChunked(
  text: string,
  cuts: readonly number[],
): { body: string; trailers: string[]; consumed: number } | undefined {
  const message = reader();
  const bytes = Buffer.from(text, 'latin1');
  let body = '';
  const sink = {
    bodyPiece: (memory: Buffer, start: number, end: number): void => {
      body += memory.toString('latin1', start, end);
    },
  };
  const ends = [...new Set([...cuts.filter((cut) => cut > 0 && cut < bytes.length), bytes.length])].sort(
    (a, b) => a - b,
  );
  let start = 0;
  let inBody = false;
  try {
    for (const end of ends) {
      while (start < end) {
        const progress = message.feed(bytes, start, end, inBody ? sink : undefined);
        start = message.position;
        if (progress === HEAD) {
          message.expectChunks();
          inBody = true;
        } else if (progress === END) {
          return {
            body,
            trailers: message.trailers.map(({ name, rest }) => `${name}:${rest}`),
            consumed: start,
          };
        } else if (progress !== MORE) return undefined;
      }
    }
    return undefined;
  } finally {
    message.finish();
  }
}

function reading(outcome: Reading['outcome'], head: Head | undefined, consumed: number): Reading {
  const fields = Array.from({ length: head?.fields ?? 0 }, (_, field) => field);
  return {
    outcome,
    method: head?.method ?? '',
    status: head?.status ?? 0,
    target: head?.bytes.toString('latin1', head.urlStart, head.urlEnd) ?? '',
    minor: head?.minor ?? 0,
    fields: fields.map((field) => [head!.nameText(field), head!.valueText(field)] as const),
    lines: fields.map((field) => head!.lineText(field)),
    consumed,
  };
}
