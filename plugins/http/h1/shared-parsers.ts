import type { HeadRecorder } from './parse/head-recorder.ts';
import type { ParserSupply } from './llhttp/llhttp.ts';

/** What all HTTP/1 connections share: the parsers, and the recorder in which they note what they find. */
export interface SharedParsers {
  readonly supply: ParserSupply;
  readonly recorder: HeadRecorder;
}
