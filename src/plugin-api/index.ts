/** The public contract between the proxy and plugins, and between HTTP and its filters: types only. */
export type * from './backend.ts';
export type * from './options-rules.ts';
export type * from './connection.ts';
export type * from './protocol-explanation.ts';
export type * from './filter.ts';
export type * from './host.ts';
export type * from './logger.ts';
export type * from './protocol.ts';
export type * from './transport.ts';
export type * from './telemetry.ts';
export type * from './tracing.ts';
export type * from './upstream.ts';
