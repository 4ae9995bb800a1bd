import { UPGRADE } from '../../message/field-names.ts';
import type { Head } from '../parse/head.ts';

/** The client must switch to another protocol to be served (RFC 9110 15.5.22). */
export const UPGRADE_REQUIRED = 426;

/** The protocols that a 426 demands, for the client to see; '' for other responses. */
export function demandedUpgrade(head: Head): string {
  return head.status === UPGRADE_REQUIRED ? head.joined(UPGRADE) : '';
}

/** What a response says about its connection. `upgrade`: as of {@link demandedUpgrade}. */
export function connectionLines(keepAlive: boolean, isHttp11: boolean, upgrade: string): string {
  const option = !keepAlive ? 'close' : isHttp11 ? '' : 'keep-alive';
  // HTTP/1.0 has no Upgrade (RFC 9110 7.8).
  if (upgrade === '' || !isHttp11) return option === '' ? '' : `Connection: ${option}\r\n`;
  return `Connection: ${option === '' ? '' : `${option}, `}Upgrade\r\nUpgrade: ${upgrade}\r\n`;
}
