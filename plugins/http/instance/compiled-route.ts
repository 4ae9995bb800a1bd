import type { Upstream } from '../../../src/plugin-api/index.ts';
import type { HttpOptions, Route, Transform } from '../config/schema/options.generated.ts';
import type { FilterChain } from '../filters/filter-chain.ts';
import { FieldEdits } from '../forwarding/field-edits.ts';
import { pathEdit, type PathEdit } from '../forwarding/path-edits.ts';
import { ResponseRewrite } from '../forwarding/response-rewrite.ts';
import type { RetryRules } from '../retries/retry-rules.ts';
import { RouteRetries } from '../retries/route-retries.ts';
import { routeConditions, type RouteConditions } from '../routing/route-conditions.ts';
import type { RouteAnswer } from '../answers/answered-exchange.ts';
import type { RouteSettings } from './route-settings.ts';
import type { RouteSplit } from './route-split.ts';

/** The section `mirror` of a route. */
export interface Mirror {
  readonly upstream: Upstream;
  /** Of the requests of the route, from 0 to 100. */
  readonly percent: number;
  readonly bodyLimitBytes: number;
}

/** A route, ready for use. */
export interface CompiledRoute extends RouteConditions {
  /** Where its requests are forwarded to: with a `split` the first of its upstreams. undefined: the proxy answers them itself. */
  readonly upstream: Upstream | undefined;
  /** Chooses one of several upstreams for each request; undefined when there is only one. */
  readonly split: RouteSplit | undefined;
  /** The answer of the proxy itself; undefined when requests are forwarded. */
  readonly answer: RouteAnswer | undefined;
  /** When its requests are tried again. */
  readonly retries: RouteRetries;
  /** That of {@link retries} for {@link upstream}; undefined when nothing is tried again. */
  readonly retryRules: RetryRules | undefined;
  /** Gets copies of requests; undefined for none. */
  readonly mirror: Mirror | undefined;
  readonly requestEdits: FieldEdits | undefined;
  readonly responseEdits: FieldEdits | undefined;
  /** Edits of the header of answers that the proxy gives itself; undefined for none. */
  readonly answerEdits: FieldEdits | undefined;
  /** Rewrites URLs and cookies in responses; undefined where nothing is rewritten. */
  readonly rewrite: ResponseRewrite | undefined;
  readonly pathEdit: PathEdit | undefined;
  /** What it sets in place of the listener; undefined for nothing. */
  readonly settings: RouteSettings | undefined;
  /** undefined for a route without filters. */
  readonly filters: FilterChain | undefined;
}

/** Compiles a route, with the transforms of the listener before its own. Without a `route`: the default of the listener. */
export function compileRoute(
  route: Route | undefined,
  { transform: general, underscore_headers: underscores }: HttpOptions,
  parts: Pick<CompiledRoute, 'upstream' | 'split' | 'answer' | 'settings' | 'mirror' | 'filters'>,
): CompiledRoute {
  const own = route?.transform;
  const retries = new RouteRetries(route ?? {});
  return {
    ...routeConditions(route),
    ...parts,
    retries,
    retryRules: parts.upstream && retries.of(parts.upstream),
    requestEdits: FieldEdits.ofTransforms(
      [...(general?.request_headers ?? []), ...(own?.request_headers ?? [])],
      underscores !== 'keep',
    ),
    responseEdits: FieldEdits.ofTransforms(
      [...(general?.response_headers ?? []), ...(own?.response_headers ?? [])],
      false,
    ),
    answerEdits: answerEdits([general, own]),
    rewrite: ResponseRewrite.of([general, own]),
    pathEdit: pathEdit([general, own]),
  };
}

/** The edits of transforms that also count for answers of the proxy itself; undefined when there are none. */
export function answerEdits(transforms: readonly (Transform | undefined)[]): FieldEdits | undefined {
  const changes = transforms.flatMap((transform) => transform?.response_headers ?? []);
  return FieldEdits.ofTransforms(
    changes.filter(({ always }) => always === true),
    false,
  );
}
