import type { OptionsCheck, OptionsPath } from '../../../src/plugin-api/index.ts';
import type { ErrorPage } from './schema/options.generated.ts';

/** Checks a list of error pages: each has one body, and each status one page. */
export function checkErrorPages(pages: readonly ErrorPage[], at: OptionsPath, context: OptionsCheck): void {
  const seen = new Set<number>();
  for (const [index, page] of pages.entries()) {
    const path = [...at, index];
    if ((page.body === undefined) === (page.file === undefined))
      context.error(path, 'must have either body or file');
    for (const [place, status] of page.statuses.entries()) {
      if (seen.has(status)) context.error([...path, 'statuses', place], `has a page for ${status} already`);
      seen.add(status);
    }
  }
}
