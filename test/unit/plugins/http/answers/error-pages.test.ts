import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from 'vitest';

import { ErrorPages } from '../../../../../plugins/http/answers/error-pages.ts';

const directory = mkdtempSync(join(tmpdir(), 'balance-pages-'));
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

const page = (
  statuses: number[],
  body: string,
): { statuses: number[]; content_type: string; body: string } => ({
  statuses,
  content_type: 'text/html',
  body,
});

describe('error pages', () => {
  it('are there for their statuses alone; the later one of two counts', () => {
    const pages = new ErrorPages([page([502, 503], 'a'), page([503], 'b')], directory);
    expect([502, 503, 504].map((status) => pages.render(status, 'id')?.body)).toEqual(['a', 'b', undefined]);
  });

  it('are filled in everywhere, and nothing else is', () => {
    const pages = new ErrorPages(
      [page([599], '${status}${status} ${reason} ${request_id} ${x} $1 $&')],
      directory,
    );
    expect(pages.render(599, 'id')?.body).toBe('599599 Unknown id ${x} $1 $&');
  });

  it('are read from files beside the config once, whatever becomes of the files', () => {
    const file = join(directory, 'page.html');
    writeFileSync(file, 'ü ${status}');
    const pages = new ErrorPages(
      [{ statuses: [400], content_type: 'text/plain', file: 'page.html' }],
      directory,
    );
    const absolute = new ErrorPages([{ statuses: [400], content_type: 'text/plain', file }], '/nowhere');
    rmSync(file);
    expect(pages.render(400, '')).toEqual({ contentType: 'text/plain', body: 'ü 400' });
    expect(absolute.render(400, '')?.body).toBe('ü 400');
  });

  it.each(['gone.html', '.'])('that can not be read are a mistake of the config: %s', (file) => {
    expect(() => new ErrorPages([{ statuses: [400], content_type: 'text/plain', file }], directory)).toThrow(
      expect.objectContaining({
        code: 'config_invalid',
        message: expect.stringContaining(join(directory, file)) as string,
      }),
    );
  });
});
