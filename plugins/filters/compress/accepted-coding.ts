import type { Algorithm } from './options.ts';

/** A name, and what may follow it: `gzip;q=0.5`. */
const MEMBER = /^([^\s;]+)(?:\s*;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?))?$/i;

/**
 * The algorithm that a client likes best of those that the proxy offers; undefined: it takes none of them. Source: RFC 9110, 12.5.3.
 *
 * @param acceptEncoding the value of the request's Accept-Encoding; undefined: it has none, so nothing is compressed
 * @param offered in the order of preference, which decides where the client has none
 */
export function acceptedCoding(
  acceptEncoding: string | undefined,
  offered: readonly Algorithm[],
): Algorithm | undefined {
  if (acceptEncoding === undefined) return undefined;
  const weights = weightsOf(acceptEncoding);
  const others = weights.get('*') ?? 0;
  let best: Algorithm | undefined;
  // A client that would rather have the response as it is gets it so.
  let bestWeight = Math.max(Number.MIN_VALUE, weights.get('identity') ?? 0);
  for (const algorithm of offered) {
    const weight = weights.get(algorithm) ?? others;
    if (best === undefined ? weight >= bestWeight : weight > bestWeight) {
      best = algorithm;
      bestWeight = weight;
    }
  }
  return best;
}

/** By names in lower case. What is malformed is passed over. */
function weightsOf(acceptEncoding: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const member of acceptEncoding.split(',')) {
    const [, name, weight = '1'] = MEMBER.exec(member.trim()) ?? [];
    if (name !== undefined) weights.set(nameOf(name.toLowerCase()), Math.min(1, Number(weight)));
  }
  return weights;
}

/** RFC 9110, 8.4.1.3: the old name of gzip. */
function nameOf(name: string): string {
  return name === 'x-gzip' ? 'gzip' : name;
}
