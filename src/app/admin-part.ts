import type { AdminServers } from '../admin/admin-servers.ts';
import { mayBlock } from '../runtime/listeners/address-handover.ts';
import type { FollowingPart } from '../runtime/reload/config-apply.ts';

/** The admin servers as a part of the proxy that follows the live generation. */
export function adminPart(servers: AdminServers): FollowingPart {
  return {
    leaving: ({ config }) => servers.leaving(config),
    prepare: ({ config }, loaded, leaving) =>
      servers.prepare(config, loaded, (address) => leaving.some((socket) => mayBlock(socket, address))),
  };
}
