import { readFileSync } from 'node:fs';
import { extname, resolve } from 'node:path';

import { BalanceError, messageOf } from '../../../src/errors.ts';
import type { HttpRespond } from '../config/schema/options.generated.ts';
import { Template } from '../forwarding/template.ts';
import type { AnsweredExchange, RouteAnswer } from './answered-exchange.ts';

const TEXT = 'text/plain; charset=utf-8';
/** Why a client gets an error, in words for the client. */
const FIXED = 'all such requests are answered like this';
const BYTES = 'application/octet-stream';

/** The types of files that people give as answers, by the endings of their names. */
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.htm': 'text/html; charset=utf-8',
  '.txt': TEXT,
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.xml': 'application/xml',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.ico': 'image/x-icon',
  '.webp': 'image/webp',
};

/** The section `respond` of a route: the same answer to each of its requests. A file is read once, when the instance is made. */
export class FixedAnswer implements RouteAnswer {
  readonly #status: number;
  readonly #body: string | Buffer | undefined;
  readonly #contentType: string;
  readonly #headers: readonly (readonly [name: string, value: Template])[];

  /** @throws BalanceError `config_invalid` when the file can't be read */
  constructor({ status, body, file, content_type: type, headers = {} }: HttpRespond, directory: string) {
    this.#status = status;
    this.#body = file === undefined ? body : bytesOf(resolve(directory, file));
    this.#contentType = type ?? (file === undefined ? TEXT : (TYPES[extname(file).toLowerCase()] ?? BYTES));
    this.#headers = Object.entries(headers).map(([name, value]) => [name, Template.parse(value)] as const);
  }

  send(exchange: AnsweredExchange): void {
    const body = this.#body;
    const status = this.#status;
    const own = Object.fromEntries(this.#headers.map(([name, value]) => [name, value.render(exchange)]));
    if (body !== undefined) {
      exchange.answer({ status, body, contentType: this.#contentType, headers: own });
      return;
    }
    const page = status < 400 ? { status } : exchange.errorAnswer(status, FIXED);
    exchange.answer({ ...page, headers: { ...page.headers, ...own } });
  }
}

function bytesOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new BalanceError('config_invalid', `respond.file ${file}: ${messageOf(error)}`, { cause: error });
  }
}
