import type { ErrorCode } from '../../../src/errors.ts';
import { CDN_LOOP, CONTENT_LENGTH, HOST, VIA, LOOK_ALIKE, UNKNOWN } from '../message/field-names.ts';
import type { RequestHead } from '../message/message-head.ts';
import type { HttpOptions } from '../config/schema/options.generated.ts';
import type { LoopMark } from '../forwarding/loop-mark.ts';
import type { Via } from '../forwarding/via.ts';
import { normalTarget } from '../routing/normal-path.ts';
import type { RefusalRule } from '../message/refusal/refusal-rules.ts';
import { refuseRequest, type Refusal, type RequestRule } from '../message/refusal/refusal.ts';
import { refuseField, refuseTarget } from '../message/refused-field.ts';
import { beforeQuery, parseTarget, withTarget, type RequestTarget } from '../message/request-target.ts';

const rule = (name: RefusalRule, status: number, reason: string, code?: ErrorCode): RequestRule =>
  code === undefined ? { rule: name, status, reason } : { rule: name, status, reason, code };

export const BAD_HOST = rule('host', 400, 'there must be exactly one valid Host');
const BAD_TARGET = rule('target', 400, 'the request target is malformed');
export const TWO_READINGS = rule(
  'path_readings',
  400,
  'the path can be read in several ways, which meet different routes',
);
const AMBIGUOUS_PATH = rule('encoded_path', 400, 'the path holds an encoded slash, backslash or NUL');
const UNDERSCORE = rule('underscore', 400, 'the name of a header holds an underscore');
const NO_CONNECT = rule('connect', 405, 'CONNECT is not allowed here');
const LONG_TARGET = rule('target_size', 414, 'the request target is too long');
export const LARGE_BODY = rule('body_size', 413, 'the request body is too large', 'body_too_large');
export const DRIPPED_BODY = rule('body_rate', 408, 'the request body came too slowly', 'body_too_slow');
export const SLOW_BODY = rule('body_timeout', 408, 'the request body took too long', 'body_timeout');
export const MISDIRECTED = rule(
  'misdirected',
  421,
  'this host needs a TLS connection of its own',
  'misdirected',
);
const LOOP = rule('loop', 508, 'the request came through this proxy before', 'loop');

/** The settings of a listener that the checks of a request depend on. */
export interface CheckSettings {
  readonly options: Pick<HttpOptions, 'limits' | 'underscore_headers' | 'normalize_path' | 'ambiguous_paths'>;
  /** Whether routes, transforms or other options depend on paths. */
  readonly readsPaths: boolean;
  /** Whether a route has a limit of its own for bodies: then {@link checkBodySize} is called once the route is known. */
  readonly routesLimitBodies: boolean;
  readonly loopMark: LoopMark;
  readonly via: Via;
  /** What backends are told about certificates, which no client may claim; undefined when they are told nothing. */
  readonly certificateHeaders: { hide(head: RequestHead): void } | undefined;
}

/** Refuses what the parser accepts but a proxy must not forward (RFC 9112 3.2, 6.1, 6.3; RFC 9110 7.6.3); undefined for a sound request. */
export function checkRequest(head: RequestHead, instance: CheckSettings): Refusal | undefined {
  const { limits } = instance.options;
  const version = head.versionFault();
  if (version !== undefined) return version;
  if (head.targetLength > limits.target_length) return refuseTarget(LONG_TARGET, head);
  if (head.method === 'CONNECT') return refuseTarget(NO_CONNECT, head);
  const framing = head.framingFault();
  if (framing !== undefined) return framing;
  if (head.hosts > 1) return refuseField(BAD_HOST, head, HOST);
  if (head.hosts === 0 && head.minor === 1) return refuseRequest(BAD_HOST, 'Host');
  const large = instance.routesLimitBodies ? undefined : checkBodySize(head, limits.body_size);
  if (large !== undefined) return large;
  if (instance.options.underscore_headers !== 'drop-colliding') {
    const refused = applyUnderscorePolicy(head, instance.options.underscore_headers);
    if (refused >= 0) return refuseRequest(UNDERSCORE, head.nameText(refused));
  }
  instance.certificateHeaders?.hide(head);
  if (instance.loopMark.comesBack(head.joined(CDN_LOOP))) return refuseField(LOOP, head, CDN_LOOP);
  if (instance.via.comesBack(head.joined(VIA))) return refuseField(LOOP, head, VIA);
  return undefined;
}

/** A refusal when the head tells a larger body than `limitBytes`; 0: no limit. */
export function checkBodySize(head: RequestHead, limitBytes: number): Refusal | undefined {
  return limitBytes > 0 && head.contentLength > limitBytes
    ? refuseField(LARGE_BODY, head, CONTENT_LENGTH)
    : undefined;
}

/** Reads the target of a request that {@link checkRequest} found sound, in the form in which it goes to the backend. */
export function checkTarget(
  head: RequestHead,
  { options, readsPaths }: CheckSettings,
): RequestTarget | Refusal {
  const text = head.target;
  const plain = readsPaths ? head.plainTarget() : beforeQuery(text);
  const target = parseTarget(text, head.method, plain);
  if (target === undefined) return refuseTarget(BAD_TARGET, head);
  if (target.isPlain || !options.normalize_path) return target;
  const normal = normalTarget(target.forwarded, options.ambiguous_paths === 'literal');
  return normal === undefined ? refuseTarget(AMBIGUOUS_PATH, head) : withTarget(target, normal);
}

/**
 * Applies `underscore_headers`: whether fields are forwarded whose names applications could take for other names. The codec has
 * already marked the look-alikes of managed fields, which are dropped by default; this is for the policies that drop more, or less.
 *
 * @returns the field because of which the request must be refused, or -1
 */
function applyUnderscorePolicy(head: RequestHead, policy: HttpOptions['underscore_headers']): number {
  for (let field = 0; field < head.fields; field++) {
    if (policy === 'keep') {
      if (head.ids[field] === LOOK_ALIKE) head.ids[field] = UNKNOWN;
    } else if (policy !== 'drop-colliding' && head.hasUnderscore(field)) {
      if (policy === 'refuse') return field;
      head.ids[field] = LOOK_ALIKE;
    }
  }
  return -1;
}
