import { DEFAULT_CIPHER_SUITES } from '../../../src/config/values/tls/cipher-suite.ts';
import { ServerContexts, type ServerContext } from '../../../src/net/tls/contexts/server-contexts.ts';
import { RotatingKeyRing } from '../../../src/net/tls/contexts/rotating-key-ring.ts';
import { TimeSlicer } from '../../../src/time/time-slicer.ts';
import type { IssuedCertificate } from '../certificates.ts';

/** What a TLS server with that certificate needs, which asks no client for one. */
export async function serverContext({ chain, key }: IssuedCertificate): Promise<ServerContext> {
  const certificate = {
    certificate: chain,
    key,
    names: ['localhost'],
    clientAuth: { mode: 'none' },
  } as const;
  const settings = { listener: 'test', certificates: [certificate], cipherSuites: DEFAULT_CIPHER_SUITES };
  const { fallback } = await ServerContexts.build(settings, new RotatingKeyRing(), new TimeSlicer());
  if (fallback === undefined) throw new Error('there is no certificate');
  return fallback;
}
