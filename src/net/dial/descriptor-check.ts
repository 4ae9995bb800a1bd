import type { Socket } from 'node:net';

import { descriptorOf, handleOf, systemError } from '../node/node-internals.ts';
import type { ProcessResources } from '../resources/process-resources.ts';

/**
 * Ends an attempt whose descriptor is reserved for other work, such as the admin server. Node.js opens the descriptor in the next tick,
 * so it is checked then. A check after connecting would be too late: many attempts at a time could take all reserved descriptors.
 */
export function refuseWithoutDescriptors(socket: Socket, resources: ProcessResources): void {
  if (socket.destroyed || resources.hasRoomForBackend(descriptorOf(handleOf(socket)))) return;
  socket.destroy(systemError('connect', 'EMFILE'));
}
