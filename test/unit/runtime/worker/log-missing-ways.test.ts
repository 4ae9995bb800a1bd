import { describe, expect, it } from 'vitest';

import { logMissingWays } from '../../../../src/runtime/worker/log-missing-ways.ts';
import { OwnSockets } from '../../../../src/net/listen/sockets/own-sockets.ts';
import { DescriptorCopier } from '../../../../src/net/node/descriptors/descriptor-copier.ts';
import { runtimeWays } from '../../../../src/net/node/runtime-ways.ts';
import { RecordingLogger } from '../../../support/recording-logger.ts';

describe('the log of a start', () => {
  it('says nothing of ways that are all there', async () => {
    const logger = new RecordingLogger();
    const sockets = new OwnSockets(new DescriptorCopier());
    await logMissingWays(runtimeWays(), sockets, logger);
    sockets.close();
    if (process.platform === 'linux') expect(logger.lines).toEqual([]);
  });

  it('names each way that this version of the runtime lacks', async () => {
    const logger = new RecordingLogger();
    await logMissingWays(
      { interceptedAccept: true, lateSocket: false, sharedReads: true, directText: false, directTls: false },
      new OwnSockets(new DescriptorCopier(null)),
      logger,
    );
    const told = logger.lines.join('\n');
    expect(told).toContain('late_socket');
    expect(told).toContain('direct_text');
    expect(told).toContain('direct_tls');
    expect(told).toContain('accept_bursts');
    expect(told).toContain(process.versions.node);
    expect(logger.lines).toHaveLength(4);
  });
});
