import type { HeadRecorder } from './parse/head-recorder.ts';
import type { ParserSupply } from './llhttp/llhttp.ts';

/** What all connections of HTTP/1 share: parsers, and where they note what they find. */
export interface ParserParts {
  readonly supply: ParserSupply;
  readonly recorder: HeadRecorder;
}
