import { describe, expect, it } from 'vitest';

import { bytesAsV6 } from '../../../../../src/plugin-api/values/ip-address.ts';
import { readHeader } from '../../../../../src/net/proxy-protocol/read/header-reader.ts';
import { HeaderFault } from '../../../../../src/net/proxy-protocol/read/parsed-header.ts';
import { proxyHeaderOf } from '../../../../../src/net/proxy-protocol/write/proxy-header-of.ts';
import type { Endpoint } from '../../../../../src/plugin-api/index.ts';
import { anyAddress, PROXY_HEADER_FUZZ } from '../../../../fuzz/proxy-header-fuzz.ts';
import { SeededRandom } from '../../../../support/seeded-random.ts';

const CASES = 2_000;

/** Equal for all spellings of an address. */
function bytesOf(end: Endpoint | undefined): Buffer {
  return bytesAsV6(end?.address ?? '');
}

describe('bytes that may be a header', () => {
  it('are made good and bad, so that both ways are tried', () => {
    let [good, bad] = [0, 0];
    for (let seed = 0; seed < CASES; seed += 1) {
      const outcome = readHeader(PROXY_HEADER_FUZZ.make(new SeededRandom(seed)));
      if (outcome === undefined || outcome instanceof HeaderFault) bad += 1;
      else good += 1;
    }
    expect(Math.min(good, bad)).toBeGreaterThan(CASES / 10);
  });

  it('are read as they were written, for any two addresses', () => {
    const random = new SeededRandom(4);
    for (let index = 0; index < CASES; index += 1) {
      const peer = { address: anyAddress(random), port: random.between(0, 65_535) };
      const local = { address: anyAddress(random), port: random.between(0, 65_535) };
      const client = { peer, local, tls: undefined, proxy: undefined, route: undefined };
      const [first, second] = [
        readHeader(proxyHeaderOf('v1', client)),
        readHeader(proxyHeaderOf('v2', client)),
      ];
      if (first === undefined || first instanceof HeaderFault) throw new Error('the header is not read');
      expect(bytesOf(first.source)).toEqual(bytesOf(peer));
      expect(bytesOf(first.destination)).toEqual(bytesOf(local));
      expect(first).toMatchObject({
        version: 1,
        source: { port: peer.port },
        destination: { port: local.port },
      });
      expect(second).toMatchObject({
        ...first,
        version: 2,
        sizeBytes: expect.any(Number) as number,
      });
    }
  });
});
