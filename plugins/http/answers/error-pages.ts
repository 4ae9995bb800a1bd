import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { BalanceError, messageOf } from '../../../src/errors.ts';
import type { Answer } from '../../../src/plugin-api/index.ts';
import { reasonPhrase } from '../message/answer.ts';
import { errorAnswer, withBody } from './error-answer.ts';
import type { ResponseHead } from '../message/message-head.ts';
import type { ErrorPage } from '../config/schema/options.generated.ts';

/** A body for an error response. */
export interface ErrorBody {
  readonly contentType: string;
  readonly body: string;
}

/** The error pages of the config. Their files are read once, when the instance is made. */
export class ErrorPages {
  readonly #pages = new Map<number, ErrorBody>();
  /** Statuses whose pages also replace the bodies of responses of backends. */
  readonly #ofBackends = new Set<number>();

  /**
   * @param directory files of pages are relative to it
   * @throws BalanceError `config_invalid` when a file can't be read
   */
  constructor(pages: readonly ErrorPage[], directory: string) {
    for (const page of pages) {
      const body = page.body ?? readPage(resolve(directory, page.file ?? ''));
      for (const status of page.statuses) {
        this.#pages.set(status, { contentType: page.content_type, body });
        if (page.backends === true) this.#ofBackends.add(status);
        else this.#ofBackends.delete(status);
      }
    }
  }

  /** Whether a page replaces the bodies of responses of backends with any status. */
  get replaceAny(): boolean {
    return this.#ofBackends.size > 0;
  }

  /** Whether a page replaces the body of a backend's response with that status. */
  replaces(status: number): boolean {
    return this.#ofBackends.has(status);
  }

  /** The answer to a request that failed: as JSON for clients that prefer JSON, else the page for its status, else a short text. */
  answer(status: number, reason: string, requestId: string, asJson: boolean): Answer {
    const plain = errorAnswer(status, reason, requestId, asJson);
    const page = asJson ? undefined : this.render(status, requestId);
    return page === undefined ? plain : withBody(plain, page.contentType, page.body);
  }

  /** The page for a status with its variables filled in; undefined when there is none. */
  render(status: number, requestId: string): ErrorBody | undefined {
    const page = this.#pages.get(status);
    if (page === undefined) return undefined;
    const body = page.body
      .replaceAll('${status}', String(status))
      .replaceAll('${reason}', reasonPhrase(status))
      .replaceAll('${request_id}', requestId);
    return { contentType: page.contentType, body };
  }
}

function readPage(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new BalanceError('config_invalid', `error page ${file}: ${messageOf(error)}`, { cause: error });
  }
}

/** Fields of a backend's response that say what the client can do about the error. */
const KEPT = ['WWW-Authenticate', 'Retry-After', 'Allow'] as const;

/** The fields of a backend's response that an error page in its place keeps. */
export function keptByPages(head: ResponseHead): Record<string, string[]> {
  const kept: Record<string, string[]> = {};
  for (const name of KEPT) {
    const lowerName = name.toLowerCase();
    const values: string[] = [];
    for (let field = head.find(lowerName); field >= 0; field = head.find(lowerName, field + 1))
      values.push(head.valueText(field));
    if (values.length > 0) kept[name] = values;
  }
  return kept;
}
