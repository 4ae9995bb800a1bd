import { addressesCollide, addressKey, parseAddress } from '../config/values/address.ts';
import type { Admin, ServerTls } from '../config/schema/config.generated.ts';
import { BalanceError } from '../errors.ts';

/** The sections of the config that ask for an admin server. */
export interface AdminSections {
  readonly admin?: Admin | undefined;
  readonly metrics: {
    readonly enabled: boolean;
    readonly listen: string;
    readonly path: string;
    readonly socket_mode?: number;
    /** Name of the listener that serves the metrics, so that no server is needed for them. */
    readonly listener?: string;
    /** Addresses and networks that may read the metrics. Default: all clients. */
    readonly allow?: readonly string[];
    /** HTTPS for a server of the metrics alone. */
    readonly tls?: ServerTls;
  };
}

/** One address and what is served there. */
export interface AdminServerPlan {
  /** As in the config. */
  readonly listen: string;
  /** Equal for two plans exactly when they name the same address. */
  readonly key: string;
  /** Whether the admin endpoints are served there. */
  readonly admin: boolean;
  /** The path of the metrics; undefined when they are not served there. */
  readonly metricsPath: string | undefined;
  /** Permissions of a unix socket; undefined where the config does not set them. */
  readonly socketMode: number | undefined;
}

/**
 * The servers that the config asks for. `admin` and `metrics` on one address share a server. Throws a BalanceError when their addresses or paths
 * conflict.
 *
 * @param taken the paths of the admin endpoints
 */
export function planAdminServers(config: AdminSections, taken: readonly string[]): AdminServerPlan[] {
  const admin = config.admin === undefined ? undefined : planFor(config.admin, true, undefined);
  if (!config.metrics.enabled || config.metrics.listener !== undefined)
    return admin === undefined ? [] : [admin];
  const metrics = planFor(config.metrics, false, config.metrics.path);
  if (admin === undefined) return [metrics];
  if (admin.key === metrics.key) {
    refuseTakenPath(config.metrics.path, taken);
    return [
      {
        ...admin,
        metricsPath: config.metrics.path,
        socketMode: admin.socketMode ?? metrics.socketMode,
      },
    ];
  }
  if (addressesCollide(parseAddress(admin.listen), parseAddress(metrics.listen))) {
    throw new BalanceError(
      'config_invalid',
      `metrics.listen ${metrics.listen} and admin.listen ${admin.listen} can't be bound at the same time; make them equal`,
    );
  }
  return [admin, metrics];
}

function planFor(
  { listen, socket_mode }: Pick<Admin, 'listen' | 'socket_mode'>,
  admin: boolean,
  metricsPath: string | undefined,
): AdminServerPlan {
  const key = addressKey(parseAddress(listen));
  return { listen, key, admin, metricsPath, socketMode: socket_mode };
}

function refuseTakenPath(path: string, taken: readonly string[]): void {
  if (!taken.includes(path)) return;
  throw new BalanceError(
    'config_invalid',
    `metrics.path ${path} is an endpoint of the admin server on the same address`,
  );
}
