import { describe, expect, it } from 'vitest';

import { BodyTaps } from '../../../../../plugins/http/filters/bodies/body-taps.ts';
import { ResponseView } from '../../../../../plugins/http/filters/response-view.ts';

describe('an answer as filters see it', () => {
  const answer = {
    status: 401,
    contentType: 'text/plain',
    headers: { 'WWW-Authenticate': ['Basic', 'Bearer'], 'X-Kept': 'yes' },
    body: 'who are you?',
  };

  it('shows its fields by name', () => {
    const view = ResponseView.ofAnswer(answer, 'filter');
    expect(view.header('www-authenticate')).toBe('Basic, Bearer');
    expect(view.header('Content-Type')).toBe('text/plain');
    expect(view.header('x-none')).toBeUndefined();
  });

  it('stays the same object while nothing was changed', () => {
    expect(ResponseView.ofAnswer(answer, 'filter').editedAnswer).toBe(answer);
  });

  it('gets what filters changed', () => {
    const view = ResponseView.ofAnswer(answer, 'proxy');
    view.removeHeader('www-authenticate');
    view.setHeader('content-type', 'text/html');
    view.addHeader('X-Kept', 'too');
    expect(view.editedAnswer).toEqual({
      status: 401,
      contentType: 'text/html',
      headers: { 'X-Kept': ['yes', 'too'] },
      body: 'who are you?',
    });
  });
});

describe('the response of a backend as filters see it', () => {
  it('is no answer, and keeps what filters changed as edits', () => {
    const view = ResponseView.ofBackend(200, {
      joinedValue: (name) => (name === 'etag' ? '"a"' : undefined),
    });
    view.setHeader('ETag', 'W/"a"');
    expect(view.header('etag')).toBe('W/"a"');
    expect(view.editedAnswer).toBeUndefined();
    expect(view.edits).toEqual([{ action: 'set', name: 'ETag', value: 'W/"a"' }]);
  });
});

describe('taps on a body', () => {
  it('see all of it, one after the other', () => {
    const seen: string[] = [];
    const tap = (name: string) => ({
      filter: 0,
      tap: {
        data: (bytes: Buffer, start: number, end: number) =>
          seen.push(`${name} ${bytes.toString('latin1', start, end)}`),
        end: () => seen.push(`${name} end`),
      },
    });
    const taps = new BodyTaps([tap('one'), tap('two')], () => undefined);
    expect(taps.data(Buffer.from('abcdef'), 1, 3)).toBe(true);
    expect(taps.end()).toBe(true);
    expect(seen).toEqual(['one bc', 'two bc', 'one end', 'two end']);
  });

  it('stop the body when one of them fails', () => {
    const failures: string[] = [];
    const bad = {
      filter: 7,
      tap: {
        data: () => {
          throw new Error('broken');
        },
      },
    };
    const taps = new BodyTaps([bad], (filter, error) => failures.push(`${filter} ${String(error)}`));
    expect(taps.data(Buffer.from('a'), 0, 1)).toBe(false);
    expect(failures).toEqual(['7 Error: broken']);
  });
});
