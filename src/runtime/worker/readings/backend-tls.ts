import type { BackendTlsReading } from '../../../readings/upstreams/backend.ts';
import { serverIdentityOf } from '../../../net/dial/tls/server-identity.ts';
import type { BackendState } from '../../../upstream/backend/backend-state.ts';
import type { SharedUpstream } from '../../upstreams/shared-upstream.ts';

/** How an upstream speaks TLS to one of its backends; undefined when it does not. */
export function backendTls(
  { context, config }: Pick<SharedUpstream, 'context' | 'config'>,
  { target }: BackendState,
): BackendTlsReading | undefined {
  // Checks of type https have a context too, without a `tls` section.
  if (context === undefined || config.tls === undefined) return undefined;
  const { serverName, isVerified } = context.settings;
  const { name, sni } = serverIdentityOf(target, serverName);
  return { serverName: name, sni, isVerified, clientCertificate: context.clientSubject };
}
