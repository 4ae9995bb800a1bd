import type { Route } from '../config/schema/options.generated.ts';
import type { RouteAnswer } from './answered-exchange.ts';
import { FixedAnswer } from './fixed-answer.ts';
import { Redirect } from './redirect.ts';

/**
 * The answer of a route; undefined when its requests are forwarded.
 *
 * @param directory files are relative to it
 * @throws BalanceError `config_invalid` when a file can't be read
 */
export function routeAnswer(
  {
    redirect,
    respond,
  }: { readonly redirect?: Route['redirect']; readonly respond?: Partial<Route['respond']> },
  directory: string,
): RouteAnswer | undefined {
  if (redirect !== undefined) return new Redirect(redirect);
  return respond === undefined ? undefined : new FixedAnswer({ status: 200, ...respond }, directory);
}
