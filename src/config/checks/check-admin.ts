import { isLocalOnly, parseAddress } from '../values/address.ts';
import type { CheckContext } from './check-context.ts';

/** Nobody but this machine's users gets at the admin server without showing who they are. */
export function checkAdmin(context: CheckContext): void {
  const { admin } = context.config;
  if (admin === undefined) return;
  // What is given and wrong has a problem of its own.
  const given = (...keys: string[]): boolean => context.given(['admin', ...keys]);
  if (given('token') && given('token_file')) {
    context.error(['admin', 'token_file'], "can't be used together with token");
  }
  if (isLocalOnly(parseAddress(admin.listen))) return;
  if (!given('token') && !given('token_file') && !given('tls', 'client_ca')) {
    context.error(
      ['admin', 'listen'],
      'can be reached from other machines: set admin.token, admin.token_file or admin.tls.client_ca, or listen on 127.0.0.1',
    );
  } else if (!given('tls')) {
    context.warn(
      ['admin', 'listen'],
      'takes its token over the network in plain text: set admin.tls, unless something in front encrypts',
    );
  }
}
