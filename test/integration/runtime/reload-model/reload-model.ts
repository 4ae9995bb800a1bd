/** Servers that speak HTTP, and servers that speak first and then echo. */
export const WEB_SERVERS = ['A', 'B', 'C', 'D'] as const;
export const RAW_SERVERS = ['S', 'T'] as const;
export type WebServer = (typeof WEB_SERVERS)[number];
export type RawServer = (typeof RAW_SERVERS)[number];

export const PREFIXES = ['/a', '/b'] as const;
export type Prefix = (typeof PREFIXES)[number];
export type WebUpstream = 'one' | 'two';

/** The part of a config that the test models. */
export interface Plan {
  readonly one: readonly WebServer[];
  readonly two: readonly WebServer[];
  /** Which upstream a prefix leads to; what is not there goes to the first one. */
  readonly routes: Readonly<Partial<Record<Prefix, WebUpstream | undefined>>>;
  /** The second listener: which protocol it speaks, or that it is not there. */
  readonly raw: 'tcp' | 'http' | 'absent';
  readonly rawServers: readonly RawServer[];
}

/** Something that is open, and under which generation it began. */
export interface Held {
  readonly kind: 'exchange' | 'websocket' | 'tunnel';
  readonly marker: number;
  readonly server: string;
  /** All text that was sent through it so far. */
  sent: string;
}

/** The simple truth: which config is live, where requests must go, and what must still be open. */
export class ReloadModel {
  plan: Plan = { one: ['A', 'B'], two: ['C'], routes: {}, raw: 'tcp', rawServers: ['S'] };
  /** Number of the live config. */
  marker = 0;
  /** The open connections, by the numbers that the test gave them. */
  readonly held = new Map<number, Held>();
  /** How many sockets each server may have seen at most, if none was closed that need not be. */
  readonly allowedSockets = new Map<string, number>();
  /** Sockets that must be idle in the pool of a server. */
  readonly #idle = new Map<string, number>();
  #lastHandle = 0;

  get nextHandle(): number {
    return (this.#lastHandle += 1);
  }

  upstreamOf(path: string): WebUpstream {
    const prefix = PREFIXES.find((one) => path === one || path.startsWith(`${one}/`));
    return (prefix === undefined ? undefined : this.plan.routes[prefix]) ?? 'one';
  }

  /** A plan is live from now on. A server that no request can reach loses its idle sockets. */
  swap(plan: Plan): void {
    this.plan = plan;
    this.marker += 1;
    for (const server of WEB_SERVERS) if (!this.#isReachable(server)) this.#idle.set(server, 0);
  }

  /** An exchange or an upgrade begins there: on an idle socket if there is one. */
  socketTaken(server: string): void {
    const idle = this.#idle.get(server) ?? 0;
    if (idle > 0) this.#idle.set(server, idle - 1);
    else this.allowedSockets.set(server, (this.allowedSockets.get(server) ?? 0) + 1);
  }

  /** An exchange is over, whose generation is the live one or not. */
  socketGivenBack(server: string): void {
    if (this.#isReachable(server)) this.#idle.set(server, (this.#idle.get(server) ?? 0) + 1);
  }

  #isReachable(server: string): boolean {
    const { one, two, routes } = this.plan;
    const reachable = Object.values(routes).includes('two') ? [...one, ...two] : one;
    return reachable.some((name) => name === server);
  }

  /** Generations that are not live any more and that something holds. */
  get drainingAtMost(): number {
    return new Set([...this.held.values()].map(({ marker }) => marker).filter((one) => one !== this.marker))
      .size;
  }
}
