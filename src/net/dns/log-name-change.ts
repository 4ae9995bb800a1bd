import type { Logger } from '../../plugin-api/index.ts';
import { shortList } from '../short-list.ts';
import { NOTHING_TO_ASK_WITH } from './sources/dns-client.ts';
import type { NameRecord, RecordView } from './name-record.ts';

/** A log line shows at most so many addresses. */
const MAX_SHOWN = 16;

/** Logs one line for each change of a name's record. */
export function logNameChange(
  record: NameRecord,
  before: RecordView,
  logger: Logger,
  servers: readonly string[],
): void {
  const { host: name, addresses, failure, source } = record;
  const shown = shownList(addresses);
  const fields = { name, addresses: shown };
  if (failure !== undefined) {
    // When this process could not ask, the servers are not named: they are not to blame.
    const asked = failure === NOTHING_TO_ASK_WITH || servers.length === 0 ? undefined : servers.join(' ');
    const reason = { reason: failure, servers: asked };
    if (before.addresses.length > 0 && addresses.length === 0)
      logger.warn('host name is gone: its last addresses are not used any more', { name, ...reason });
    else if (before.failure !== undefined) return;
    else if (addresses.length > 0)
      logger.warn('host name does not resolve now: its last addresses stay in use', { ...fields, ...reason });
    else logger.warn('host name does not resolve', { name, ...reason });
    return;
  }
  const isOther = before.addresses !== addresses;
  const change = isOther ? { before: shownList(before.addresses), source } : {};
  if (before.failure !== undefined) logger.info('host name resolves again', { ...fields, ...change });
  else if (before.source !== undefined && isOther)
    logger.info('host name has other addresses', { ...fields, ...change });
}

function shownList(addresses: readonly string[]): string {
  return shortList(addresses, ' ', MAX_SHOWN);
}
