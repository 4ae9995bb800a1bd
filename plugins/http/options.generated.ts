// Generated from schemas/config.schema.json by `npm run generate`; edits here are lost.

/** Settings of `mode: http`. */
export interface HttpOptions {
  /** Rules that pick an upstream for a request. */
  readonly routes: readonly Route[];
  readonly transform?: Transform;
  /** Path under which this listener itself answers with the state of the backends, before any route. */
  readonly health_endpoint?: string;
  readonly timeouts: HttpTimeouts;
  readonly limits: HttpLimits;
}

/** A rule that picks an upstream for a request. All conditions that are given must hold. Among routes that match, the higher `priority` wins, then the more specific one, then the earlier one. */
export interface Route {
  /** Name of the route, for logs and the variable `${route}`. Without it: `route-` and its number. */
  readonly name: string;
  /** The request's host without port, or `*.` and a domain for all names below that domain. */
  readonly host?: string;
  /** The whole path, exactly. */
  readonly path?: string;
  /** The path or any path below it. */
  readonly path_prefix?: string;
  /** Headers that the request must have, with exactly these values. */
  readonly headers?: {
    readonly [k: string]: string;
  };
  /**
   * The higher one wins when several routes match.
   * @default 0
   */
  readonly priority: number;
  /** Name of the upstream that gets the request. */
  readonly upstream: string;
  readonly transform?: Transform;
}

/** Changes to requests before they are forwarded, and to responses before they are sent back. */
export interface Transform {
  /** Header changes on the way to the backend, in this order. */
  readonly request_headers: readonly HeaderTransform[];
  /** Header changes on the way to the client, in this order. */
  readonly response_headers: readonly HeaderTransform[];
  /** Taken off the start of the path, where the path has it. */
  readonly strip_prefix?: string;
  /** Put before the path, after `strip_prefix`. */
  readonly add_prefix?: string;
  readonly rewrite?: Rewrite;
}

/** One change to the headers of a message. */
export interface HeaderTransform {
  /** `add` appends another header of that name, `set` replaces all of that name, `remove` takes them out. */
  readonly action: 'add' | 'set' | 'remove';
  /** The name of an HTTP header, in any case. */
  readonly name: string;
  /** The value, for `add` and `set`. May hold the variables ${duration} ${client_ip} ${request_id} ${backend} ${host} ${method} ${path} ${route}. */
  readonly value?: string;
}

/** Rewrites the path, without query, by a regular expression, after the prefixes were changed. */
export interface Rewrite {
  /** A JavaScript regular expression; the first match is replaced. */
  readonly pattern: string;
  /** What stands in place of the match; `$1` to `$9` are its groups. */
  readonly replacement: string;
}

/** How long clients of an HTTP listener may take. */
export interface HttpTimeouts {
  /**
   * For a whole request head, and between two pieces of a request body. In ms.
   * @default "30s"
   */
  readonly read: number;
  /**
   * Without progress while a response is sent to the client. In ms.
   * @default "60s"
   */
  readonly write: number;
  /**
   * Between two requests on a kept connection. In ms.
   * @default "75s"
   */
  readonly idle: number;
  /**
   * Without a byte on an upgraded connection such as a WebSocket. 0: no limit. In ms.
   * @default "1h"
   */
  readonly tunnel: number;
}

/** How much a client may send in a request head and over a connection. */
export interface HttpLimits {
  /**
   * Request line and headers together, from 1KiB to 1MiB. More is answered with 431. In bytes.
   * @default "32KiB"
   */
  readonly header_size: number;
  /**
   * Header lines of a request. More are answered with 431.
   * @default 100
   */
  readonly header_count: number;
  /**
   * Requests that one connection may carry before it is closed. 0: no limit.
   * @default 0
   */
  readonly requests_per_connection: number;
}
