import type { SocketOpener } from '../../net/listen/sockets/socket-opener.ts';
import type { Logger } from '../../plugin-api/index.ts';
import type { RuntimeWays } from '../../readings/process.ts';

/** The names of these ways in logs and in `/status`. */
const NAMES: Readonly<Record<keyof RuntimeWays, string>> = {
  interceptedAccept: 'intercepted_accept',
  lateSocket: 'late_socket',
  sharedReads: 'shared_reads',
  directText: 'direct_text',
  directTls: 'direct_tls',
};

/** Logs which faster ways this version of Node.js lacks. They are not part of its public API, so a newer version may have changed them. */
export async function logMissingWays(
  ways: RuntimeWays,
  sockets: Pick<SocketOpener, 'whyNoBursts'>,
  logger: Logger,
): Promise<void> {
  const node = process.versions.node;
  for (const way of Object.keys(NAMES) as (keyof RuntimeWays)[])
    if (!ways[way])
      logger.warn('a faster way is not available in this version of Node.js', { way: NAMES[way], node });
  const reason = await sockets.whyNoBursts();
  if (reason === '') return;
  const line = 'a busy proxy accepts one connection in each turn of its event loop';
  const fields = { way: 'accept_bursts', node, reason };
  // Other systems are known to lack it.
  if (process.platform === 'linux') logger.warn(line, fields);
  else logger.info(line, fields);
}
