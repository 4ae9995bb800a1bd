import scalarBytes from 'undici/lib/llhttp/llhttp-wasm.js';
import simdBytes from 'undici/lib/llhttp/llhttp_simd-wasm.js';

import { BalanceError } from '../../../../src/errors.ts';

/** Which messages a parser reads. The numbers are llhttp's. */
export const REQUEST = 1;
export const RESPONSE = 2;
export type MessageKind = typeof REQUEST | typeof RESPONSE;

/** The results of llhttp that are not errors. */
const OK = 0;
const PAUSED = 21;

/** The results of `execute`: the parser needs more bytes. */
export const NEEDS_MORE = 0;
/** The parser stopped at the end of the head. */
export const STOPPED = 1;
export const FAILED = 2;
export type Outcome = typeof NEEDS_MORE | typeof STOPPED | typeof FAILED;

/** The size of the arena: the most bytes that are parsed at a time. Sockets may read into the arena directly. */
const ARENA_BYTES = 64 * 1024;
/** How many parsers of each kind one memory has. A parser is in use only while a head is incomplete. */
const PARSERS_EACH = 4096;

/** What a parser calls for the parts of a head. `at` is an index in {@link ParserMemory.bytes}. */
export interface ParserEvents {
  url(at: number, length: number): void;
  reason(at: number, length: number): void;
  /** Returns false when there are too many fields. */
  fieldName(at: number, length: number): boolean;
  fieldValue(at: number, length: number): void;
}

/** The functions of llhttp's WebAssembly module that are used here. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  malloc(size: number): number;
  llhttp_alloc(kind: number): number;
  llhttp_reset(parser: number): void;
  llhttp_execute(parser: number, at: number, length: number): number;
  llhttp_get_error_pos(parser: number): number;
  llhttp_get_error_reason(parser: number): number;
  llhttp_get_method(parser: number): number;
  llhttp_get_status_code(parser: number): number;
  llhttp_get_http_major(parser: number): number;
  llhttp_get_http_minor(parser: number): number;
  llhttp_method_name(method: number): number;
  _initialize?(): void;
}

const NEEDED = [
  'memory',
  'malloc',
  'llhttp_alloc',
  'llhttp_reset',
  'llhttp_execute',
  'llhttp_get_error_pos',
  'llhttp_get_error_reason',
  'llhttp_get_method',
  'llhttp_get_status_code',
  'llhttp_get_http_major',
  'llhttp_get_http_minor',
  'llhttp_method_name',
];

/**
 * One instance of llhttp: a fixed number of parsers and the arena that they parse from.
 *
 * Everything is allocated at the start, so the WebAssembly memory never grows. Growing would detach all views of the memory, and sockets
 * read into such views.
 */
export class ParserMemory {
  /** The whole WebAssembly memory: an address is an index. */
  readonly bytes: Buffer;
  /** The part that sockets may read into, and that is parsed in place. */
  readonly arena: Buffer;
  readonly #arenaAt: number;
  /** Where bytes from other memory are copied to, because the arena may hold bytes that were not parsed yet. */
  readonly #copyAt: number;
  readonly #llhttp: Exports;
  readonly #free: Record<MessageKind, number[]> = { [REQUEST]: [], [RESPONSE]: [] };
  readonly #methods: string[] = [];
  #events: ParserEvents | undefined;
  #position = 0;

  constructor(module: WebAssembly.Module) {
    this.#llhttp = this.#instantiate(module);
    this.#llhttp._initialize?.();
    for (let i = 0; i < PARSERS_EACH; i++) {
      this.#free[REQUEST].push(this.#llhttp.llhttp_alloc(REQUEST));
      this.#free[RESPONSE].push(this.#llhttp.llhttp_alloc(RESPONSE));
    }
    this.#arenaAt = this.#llhttp.malloc(ARENA_BYTES);
    this.#copyAt = this.#llhttp.malloc(ARENA_BYTES);
    this.bytes = Buffer.from(this.#llhttp.memory.buffer);
    this.arena = this.bytes.subarray(this.#arenaAt, this.#arenaAt + ARENA_BYTES);
  }

  /** A free parser; undefined when all parsers of this memory are in use. */
  take(kind: MessageKind): number | undefined {
    return this.#free[kind].pop();
  }

  release(kind: MessageKind, parser: number): void {
    this.#llhttp.llhttp_reset(parser);
    this.#free[kind].push(parser);
  }

  /**
   * Parses `bytes[start, end)`, at most {@link ARENA_BYTES}. Not re-entrant: events must not parse.
   * {@link position} says where it stopped.
   */
  execute(parser: number, events: ParserEvents, bytes: Buffer, start: number, end: number): Outcome {
    const at = this.addressOf(bytes, start);
    const length = Math.min(end - start, ARENA_BYTES);
    if (bytes !== this.arena) bytes.copy(this.bytes, at, start, start + length);
    this.#events = events;
    const result = this.#llhttp.llhttp_execute(parser, at, length);
    if (result === OK) {
      this.#position = start + length;
      return NEEDS_MORE;
    }
    this.#position = start + this.#llhttp.llhttp_get_error_pos(parser) - at;
    return result === PAUSED ? STOPPED : FAILED;
  }

  /** Where `execute` parses `bytes[start]`: in place when it lies in the arena, else where it is copied to. */
  addressOf(bytes: Buffer, start: number): number {
    return bytes === this.arena ? this.#arenaAt + start : this.#copyAt;
  }

  /** After `execute`: the index in its `bytes` of the first byte that was not consumed. */
  get position(): number {
    return this.#position;
  }

  /** After a failure: the reason, in llhttp's words. */
  failure(parser: number): string {
    return this.#text(this.#llhttp.llhttp_get_error_reason(parser));
  }

  method(parser: number): string {
    const number = this.#llhttp.llhttp_get_method(parser);
    return (this.#methods[number] ??= this.#text(this.#llhttp.llhttp_method_name(number)));
  }

  status(parser: number): number {
    return this.#llhttp.llhttp_get_status_code(parser);
  }

  major(parser: number): number {
    return this.#llhttp.llhttp_get_http_major(parser);
  }

  minor(parser: number): number {
    return this.#llhttp.llhttp_get_http_minor(parser);
  }

  #text(at: number): string {
    if (at === 0) return '';
    return this.bytes.latin1Slice(at, this.bytes.indexOf(0, at));
  }

  #instantiate(module: WebAssembly.Module): Exports {
    const env = {
      wasm_on_message_begin: () => 0,
      wasm_on_url: (_: number, at: number, length: number) => {
        this.#events?.url(at, length);
        return 0;
      },
      wasm_on_status: (_: number, at: number, length: number) => {
        this.#events?.reason(at, length);
        return 0;
      },
      wasm_on_header_field: (_: number, at: number, length: number) =>
        this.#events?.fieldName(at, length) === false ? -1 : 0,
      wasm_on_header_value: (_: number, at: number, length: number) => {
        this.#events?.fieldValue(at, length);
        return 0;
      },
      // The parser reads only heads.
      wasm_on_headers_complete: () => PAUSED,
      wasm_on_body: () => 0,
      wasm_on_message_complete: () => PAUSED,
    };
    const exports = new WebAssembly.Instance(module, { env }).exports;
    const missing = NEEDED.filter((name) => !(name in exports));
    if (missing.length > 0) {
      throw new BalanceError(
        'plugin_failed',
        `undici's llhttp lacks ${missing.join(', ')}: install the pinned version`,
      );
    }
    return exports as unknown as Exports;
  }
}

/** Gives out parsers, and makes another memory of parsers when all are in use. One memory is nearly always enough. */
export class ParserSupply {
  readonly #module: WebAssembly.Module;
  readonly #memories: ParserMemory[];
  /** The first memory: the one that sockets read into. */
  readonly first: ParserMemory;

  constructor() {
    this.#module = compile();
    this.first = new ParserMemory(this.#module);
    this.#memories = [this.first];
  }

  /** A memory with a free parser of that kind. */
  memoryFor(kind: MessageKind): { memory: ParserMemory; parser: number } {
    for (const memory of this.#memories) {
      const parser = memory.take(kind);
      if (parser !== undefined) return { memory, parser };
    }
    const memory = new ParserMemory(this.#module);
    this.#memories.push(memory);
    const parser = memory.take(kind);
    if (parser === undefined) throw new BalanceError('internal', 'a new parser memory is empty');
    return { memory, parser };
  }
}

function compile(): WebAssembly.Module {
  try {
    return new WebAssembly.Module(simdBytes);
  } catch {
    // The processor has no SIMD.
    return new WebAssembly.Module(scalarBytes);
  }
}
