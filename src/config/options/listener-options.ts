/** The options of a listener: the section of its protocol. Only the protocol knows what they mean. */
import type { OptionsListener, OptionsPlace, OptionsRules } from '../../plugin-api/index.ts';
import type { Path } from '../problems/problem.ts';
import type { Listener } from '../schema/config.generated.ts';

/** Gives the rules of the protocol that a `mode` names; undefined when it has none, or when its plugin is not loaded yet. */
export type RulesOf = (mode: string) => OptionsRules | undefined;

/** The key of a listener that holds its options: `http` or `tcp` for the built-in protocols, `options` for a plugin's. */
export function optionsKey(mode: string): 'http' | 'tcp' | 'options' {
  return mode === 'http' || mode === 'tcp' ? mode : 'options';
}

/** The options of a listener as the config has them. */
export function optionsOf(listener: Listener): unknown {
  return listener[optionsKey(listener.mode)] ?? {};
}

/** What the rules of its protocol know about a listener beside its options. */
export function optionsListener({ name, upstream, tls }: Listener): OptionsListener {
  const passesThrough = tls?.certificates.length === 0;
  return { name, upstream, passesThrough, tls: optionsListenerTls(tls) };
}

/** Undefined for a listener that decrypts nothing. */
function optionsListenerTls(tls: Listener['tls']): OptionsListener['tls'] {
  if (tls === undefined || tls.certificates.length === 0) return undefined;
  const asksForCertificates = tls.certificates.some(
    ({ client_auth: own = tls.client_auth }) => own !== 'none',
  );
  return { asksForCertificates };
}

/** The names of the upstreams that a listener passes connections on to by their host names. */
export function passedUpstreams({ tls }: Listener): readonly string[] {
  if (tls?.sni === undefined) return [];
  const names = tls.sni.routes.map(({ upstream }) => upstream);
  return [...new Set(tls.sni.default === undefined ? names : [...names, tls.sni.default])];
}

/** The path in the config of a place that the rules of a protocol name. */
export function configPath(index: number, { mode }: Listener, place: OptionsPlace): Path {
  const listener: Path = ['listeners', index];
  if (place === 'listener') return listener;
  return place === 'upstream' ? [...listener, place] : [...listener, optionsKey(mode), ...place];
}
