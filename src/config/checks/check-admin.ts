import { isLocalOnly, parseAddress } from '../values/address.ts';
import type { CheckContext } from './check-context.ts';

/** Clients from other machines must show who they are before the admin server answers them. */
export function checkAdmin(context: CheckContext): void {
  const { admin } = context.config;
  if (admin === undefined) return;
  // A key that is given with a wrong value counts as given: its value has a problem of its own.
  const given = (...keys: string[]): boolean => context.given(['admin', ...keys]);
  if (given('token') && given('token_file')) {
    context.error(['admin', 'token_file'], "can't be used together with token");
  }
  if (isLocalOnly(parseAddress(admin.listen))) return;
  if (!given('token') && !given('token_file') && !given('tls', 'client_ca_file')) {
    context.error(
      ['admin', 'listen'],
      'can be reached from other machines: set admin.token, admin.token_file or admin.tls.client_ca_file, or listen on 127.0.0.1',
    );
  } else if (!given('tls')) {
    context.warn(
      ['admin', 'listen'],
      'takes its token over the network in plain text: set admin.tls, unless something in front encrypts',
    );
  }
}
