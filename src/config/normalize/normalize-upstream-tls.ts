import type { Path } from '../problems/problem.ts';
import type { FileUpstreamTls } from '../schema/config-file.generated.ts';
import { parseBackendAddress } from '../values/backend-address.ts';
import type { NormalizeContext } from './normalize-context.ts';
import { cipherSuites } from './normalize-tls.ts';
import { withoutKeys } from './pick-keys.ts';

/** The backends of an upstream as the file has them, and where. */
export interface WrittenBackends {
  readonly addresses: readonly string[];
  pathOf(index: number): Path;
}

/** The `tls` section about backends as the file has it, and where. */
export interface WrittenTls {
  readonly given: boolean | FileUpstreamTls | undefined;
  readonly inFile: Path;
}

/**
 * The `tls` of an upstream, as a part of it; empty when its backends speak no TLS. A backend that is a URL says itself whether it speaks TLS;
 * all backends of an upstream do the same.
 *
 * @param at the upstream in the config
 */
export function upstreamTls(
  { given, inFile }: WrittenTls,
  backends: WrittenBackends,
  at: Path,
  context: NormalizeContext,
): { readonly tls?: object } {
  const section = typeof given === 'object' ? given : {};
  const wanted = given === undefined ? undefined : given !== false && section.enabled !== false;
  const schemes = backends.addresses.map((address) => parseBackendAddress(address).scheme);
  const secure = schemes.indexOf('https');
  const plain = schemes.indexOf('http');
  if (secure >= 0 && wanted === false)
    context.error(
      backends.pathOf(secure),
      'is https://, but TLS to the backends is turned off by enabled: false',
    );
  if (secure >= 0 && plain >= 0)
    context.error(
      backends.pathOf(plain),
      'is http://, but another backend of the same upstream is https://: all of them must be the same',
    );
  const saysSo = given === true || section.enabled === true;
  if (secure < 0 && plain >= 0 && saysSo)
    context.warn(
      backends.pathOf(plain),
      'is http://, so it is used without TLS: write https://, or no scheme',
    );
  const isOn = secure >= 0 || (wanted === true && plain < 0);
  if (!isOn) return {};
  context.provenance.set([...at, 'tls'], given === undefined ? backends.pathOf(secure) : inFile);
  return { tls: { ...withoutKeys(section, ['enabled']), ...cipherSuites(section.cipher_suites) } };
}
