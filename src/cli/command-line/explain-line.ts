import { isIpAddress } from '../../config/values/address.ts';
import type { ExplainQuestion } from '../../runtime/explain/explain-question.ts';

export interface ExplainLine {
  readonly command: 'explain';
  readonly configFile: string;
  readonly question: ExplainQuestion;
  readonly json: boolean;
}

/** The options of `explain` that belong to its question. */
export interface QuestionOptions {
  readonly header?: readonly string[] | undefined;
  readonly from?: string | undefined;
  readonly listener?: string | undefined;
}

const METHOD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/;

/** Reads `[METHOD] URL` and the options of `explain`. Returns a text that says what is wrong with them, if anything is. */
export function readQuestion(words: readonly string[], values: QuestionOptions): ExplainQuestion | string {
  const { from, listener } = values;
  if (words.length > 2) return `explain takes a method and a URL, got '${words.join(' ')}'`;
  const [first, second] = words;
  const url = second ?? first;
  const method = second === undefined ? undefined : first;
  if (url === undefined && listener === undefined) {
    return 'explain needs a URL, as in: explain GET http://host/path; for a TCP listener: explain --listener NAME';
  }
  if (url !== undefined && !url.includes('://') && !url.startsWith('/')) {
    const hint =
      METHOD.test(url) && url === url.toUpperCase() ? `a URL after ${url}` : `http:// before ${url}`;
    return `explain needs ${hint}, as in: explain GET http://host/path`;
  }
  if (method !== undefined && !METHOD.test(method)) return `'${method}' is no HTTP method`;
  if (from !== undefined && !isIpAddress(from)) return `--from needs an IP address, got '${from}'`;
  const headers: (readonly [string, string])[] = [];
  for (const header of values.header ?? []) {
    const [, name, value] = HEADER.exec(header) ?? [];
    if (name === undefined || value === undefined) return `'${header}' is no header; write 'Name: value'`;
    headers.push([name, value]);
  }
  return { method, url, headers, from, listener };
}
