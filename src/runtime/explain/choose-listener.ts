import { parseAddress } from '../../config/values/address.ts';
import { suggestion } from '../../config/problems/closest.ts';
import type { Config, Listener } from '../../config/schema/config.generated.ts';
import type { AskedRequest } from './asked-request.ts';
import { QuestionError } from './explain-question.ts';

/** A listener that may get the request. */
export interface ReachableListener {
  readonly config: Listener;
  /** The bound address, or the address of the config where nothing is bound. */
  readonly address: string;
}

export interface ChosenListener<T extends ReachableListener> {
  readonly listener: T;
  readonly reason: string;
}

/** The servers of the proxy itself by their ports, as in `the admin server`. */
export type OwnServers = ReadonlyMap<number, string>;

/** The ports of the admin server and the metrics. */
export function ownServers({ admin, metrics }: Config): OwnServers {
  const servers = new Map<number, string>();
  const add = (address: string | undefined, name: string): void => {
    const port = address === undefined ? undefined : portOf(address);
    if (port !== undefined && port !== 0 && !servers.has(port)) servers.set(port, name);
  };
  add(admin?.listen, 'the admin server');
  if (metrics.enabled && metrics.listener === undefined) add(metrics.listen, 'the metrics');
  return servers;
}

/**
 * Finds the listener that gets the request: by its name, by the port of the URL, because it is the only one that speaks TLS as the URL
 * wants, or because there is only one. Throws a QuestionError when it stays open which one.
 */
export function chooseListener<T extends ReachableListener>(
  listeners: readonly T[],
  { port, authority, isSecure }: Pick<AskedRequest, 'port' | 'authority' | 'isSecure'>,
  name: string | undefined,
  servers: OwnServers = new Map(),
): ChosenListener<T> {
  if (name !== undefined) {
    const named = listeners.find(({ config }) => config.name === name);
    if (named !== undefined) return { listener: named, reason: 'asked for by its name' };
    const names = listeners.map(({ config }) => config.name);
    throw new QuestionError(`there is no listener ${name}${suggestion(name, names)}`);
  }
  const onPort = listeners.filter(({ address }) => portOf(address) === port && port !== undefined);
  const host = authority.replace(/:\d*$/, '').replace(/^\[|\]$/g, '');
  const exact = onPort.find(({ address }) => hostOf(address) === host) ?? onPort[0];
  if (exact !== undefined) return { listener: exact, reason: `listens on port ${String(port)}` };
  const server = port === undefined ? undefined : servers.get(port);
  if (server !== undefined)
    throw new QuestionError(
      `port ${String(port)} is that of ${server}, which forwards nothing; to ask about a listener, name it`,
    );
  const speaking = listeners.filter(({ config }) => (config.tls !== undefined) === isSecure);
  const [speaker] = speaking;
  if (isSecure === true && speaker !== undefined && speaking.length === 1 && listeners.length > 1)
    return { listener: speaker, reason: `the only one with TLS, though it is not on port ${String(port)}` };
  const [only, ...others] = listeners;
  if (only !== undefined && others.length === 0) {
    return {
      listener: only,
      reason: port === undefined ? 'the only one' : `the only one, though it is not on port ${String(port)}`,
    };
  }
  const known = listeners.map(({ config, address }) => `${config.name} (${address})`).join(', ');
  const wanted = port === undefined ? 'nothing says which listener is meant' : `no listener has port ${port}`;
  throw new QuestionError(`${wanted}; name one of them: ${known}`);
}

function portOf(address: string): number | undefined {
  const parsed = parseAddress(address);
  return parsed.kind === 'tcp' ? parsed.port : undefined;
}

function hostOf(address: string): string {
  const parsed = parseAddress(address);
  return parsed.kind === 'tcp' ? parsed.host : '';
}
