/** The package for programs: a proxy in the own process. For plugin authors there is `balance/plugin-api`. */
export { startProxy } from './program/start-proxy.ts';
export { BalanceError } from './errors.ts';
export { ConfigError } from './config/load/config-error.ts';
export type { BalanceEvents, BalanceProxy, StartOptions } from './program/balance-proxy.ts';
export type { ConfigFile } from './config/schema/config-file.generated.ts';
export type { Problem } from './config/problems/problem.ts';
export type { ErrorCode, ErrorOrigin } from './errors.ts';
export type { HealthChange } from './health/watch/health-feed.ts';
export type { ReloadOutcome, ReloadSource } from './runtime/reload/outcome/reload-outcome.ts';
