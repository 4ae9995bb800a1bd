import type { FilterFields } from '../filter.ts';

const ANY = '*';

/** Says in `Vary` that the response depends on that field of the request, unless it says so. A field that is there counts on. */
export function varyBy(response: FilterFields, name: string): void {
  const names = response.header('vary')?.toLowerCase().split(',') ?? [];
  if (!names.some((each) => [name.toLowerCase(), ANY].includes(each.trim())))
    response.addHeader('Vary', name);
}
