import type { OptionsCheck } from '../../../src/plugin-api/index.ts';
import { foldedName, isKnownName } from '../message/field-names.ts';
import { mayBeTrailer } from '../message/trailers.ts';
import type { HttpOptions } from './schema/options.generated.ts';

const SECOND_MS = 1000;

/** Checks the options about HTTPS beyond their schema. */
export function checkHttpsOptions(options: HttpOptions, context: OptionsCheck): void {
  const { hsts } = options;
  if (typeof hsts === 'object' && hsts.max_age % SECOND_MS !== 0)
    context.error(['hsts', 'max_age'], 'must be a whole number of seconds');
  warnOfNoEffect(options, context);
  checkCertificateHeaders(options, context);
}

/** Warns of options that change nothing on this listener. */
function warnOfNoEffect(options: HttpOptions, { listener, warn }: OptionsCheck): void {
  const { redirect_https: redirect = false, hsts = false, trusted_proxies: trusted } = options;
  if (redirect !== false && listener.tls !== undefined)
    warn(['redirect_https'], 'has no effect: all connections of this listener are encrypted');
  if (hsts !== false && listener.tls === undefined && trusted.length === 0)
    warn(
      ['hsts'],
      'has no effect: no connection of this listener is encrypted, and trusted_proxies names nobody who could say otherwise',
    );
}

/** The proxy itself writes these headers: no other field may have their names, and they must not be names with a meaning of their own. */
function checkCertificateHeaders(options: HttpOptions, context: OptionsCheck): void {
  const users = new Map<string, string>();
  const headers: Readonly<Record<string, string>> = { ...options.client_certificate_headers };
  for (const [key, name] of Object.entries(headers)) {
    const path = ['client_certificate_headers', key];
    const folded = foldedName(name);
    const other = users.get(folded);
    if (isKnownName(folded) || !mayBeTrailer(folded))
      context.error(path, 'must be a header that has no other meaning, such as X-Client-Subject');
    else if (other !== undefined) context.error(path, `must differ from the header of ${other}`);
    users.set(folded, key);
  }
}
