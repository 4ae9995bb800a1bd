import type { StatusRange } from '../../plugin-api/values/status-ranges.ts';

/** What one check does. */
export type ProbeSettings = TcpProbeSettings | HttpProbeSettings | ProtocolProbeSettings;

/** It connects, sends something if wanted, and waits for an answer if one is expected. */
export interface TcpProbeSettings {
  readonly kind: 'tcp';
  readonly send: Buffer | undefined;
  /** Must be in the first bytes of the answer. */
  readonly expect: Buffer | undefined;
}

/** It sends a request and looks at the answer. */
export interface HttpProbeSettings {
  readonly kind: 'http';
  readonly method: string;
  /** With a query, if one is needed; what is not ASCII is sent percent-encoded. */
  readonly path: string;
  /** The `Host` header. */
  readonly host: string;
  /** Further header fields. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly expectedStatus: readonly StatusRange[];
  /** Must be in the first bytes of the body. */
  readonly expectedBody: string | undefined;
}

/** The plugin of a protocol does it. */
export interface ProtocolProbeSettings {
  readonly kind: 'protocol';
  /** The protocol's name. */
  readonly protocol: string;
}
