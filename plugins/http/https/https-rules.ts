import type { TlsSession } from '../../../src/plugin-api/index.ts';
import type { EndpointRequest, OwnEndpoints } from '../answers/own-endpoints.ts';
import type { HttpOptions } from '../config/schema/options.generated.ts';
import type { ForwardingProfile, KnownHost } from '../forwarding/forwarding-profile.ts';
import { HOST } from '../message/field-names.ts';
import type { RequestHead } from '../message/message-head.ts';
import { refuseField } from '../message/refused-field.ts';
import { refuseRequest, type Refusal } from '../message/refusal/refusal.ts';
import { BAD_HOST, MISDIRECTED } from '../refusals/request-check.ts';
import { Hsts } from './hsts.ts';
import { HttpsRedirect } from './https-redirect.ts';

/** A request, as the rules see it. */
export interface GuardedRequest extends EndpointRequest {
  /** Path and query, or `*`. */
  readonly target: string;
  /** A field line for the response, with its CRLF; '' for none. */
  hstsLine: string;
  /** Answers a request that breaks a rule. `staysOpen`: the connection may go on with other requests. */
  refuse(refusal: Refusal, staysOpen: boolean): void;
}

/** What a listener does about encrypted and unencrypted connections. */
export class HttpsRules {
  readonly redirect: HttpsRedirect | undefined;
  readonly hsts: Hsts | undefined;

  constructor(options: HttpOptions) {
    this.redirect = HttpsRedirect.of(options);
    this.hsts = Hsts.of(options);
  }

  /** Whether no rule can concern the requests of a connection. */
  leaveAlone(tls: TlsSession | undefined): boolean {
    return tls === undefined && this.redirect === undefined && this.hsts === undefined;
  }

  /**
   * Applies the rules to a request, in this order: a host with another certificate policy gets 421, then come the paths that the listener
   * answers itself, then the redirect. True when the request is answered.
   */
  take(
    request: GuardedRequest,
    head: RequestHead,
    { text, name }: KnownHost,
    profile: ForwardingProfile,
    own: OwnEndpoints,
  ): boolean {
    const { tls } = profile;
    const { redirect, hsts } = this;
    const isSecure = (hsts !== undefined || redirect !== undefined) && profile.isSecure(head);
    if (isSecure && hsts !== undefined) request.hstsLine = hsts.line(name);
    if (tls !== undefined && tls.sni !== name && !tls.allowsHost(name)) {
      request.refuse(refuseField(MISDIRECTED, head, HOST), true);
      return true;
    }
    if (own.take(request, head)) return true;
    if (redirect === undefined || isSecure || tls !== undefined || redirect.leavesOut(request.routedPath))
      return false;
    if (text === '') request.refuse(refuseRequest(BAD_HOST, 'Host'), false);
    else request.answer(redirect.answer(request.method, text, request.target));
    return true;
  }
}
