import { DATE, X_REQUEST_ID } from './field-names.ts';
import type { FieldEdits } from './field-edits.ts';
import type { Head } from './head.ts';
import { passedFields } from './request-head.ts';

/** The backend's field lines that go on to the client. Notes in passing whether there is a Date. */
export function forwardedResponseFields(head: Head, edits: FieldEdits | undefined): { text: string; hasDate: boolean } {
  let hasDate = false;
  const text = passedFields(head, (field) => {
    const id = head.ids[field] as number;
    if (id === DATE) hasDate = true;
    if (id === X_REQUEST_ID) return true;
    if ((id !== 0 || head.connectionNames !== undefined) && head.isHopByHop(field)) return true;
    return edits?.removed.has(head.nameText(field).toLowerCase()) ?? false;
  });
  return { text, hasDate };
}

/** Statuses whose messages have no body, whatever their fields say (RFC 9110 6.4.1). */
export function hasNoBody(status: number, method: string): boolean {
  return method === 'HEAD' || status === 204 || status === 304 || (status >= 100 && status < 200);
}

/** The current date as in a Date field, made once a second. */
export class HttpDate {
  #second = 0;
  #text = '';

  get text(): string {
    const now = Date.now();
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#text = new Date(now).toUTCString();
    }
    return this.#text;
  }
}
