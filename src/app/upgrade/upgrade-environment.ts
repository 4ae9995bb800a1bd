import type { OfferedSocket, SocketInheritance } from '../../net/listen/bind/socket-inheritance.ts';
import type { ServiceManager } from './service-manager.ts';
import type { Offer } from './upgrade-messages.ts';

/** How the process of a proxy can be replaced by a new version, and which process it replaced itself. */
export interface UpgradeEnvironment {
  /** What starts the new version, if the config does not say it: the command line that started this process. */
  readonly command: readonly string[];
  /** The environment of the new version. */
  readonly env: NodeJS.ProcessEnv;
  /** Why this process can't be replaced; undefined when it can. */
  readonly refusal: string | undefined;
  readonly services: ServiceManager;
  /** By which this process takes over from another one; undefined for a first start. */
  readonly offer: Offer | undefined;
  /** Sockets that listen already. */
  readonly inheritance: SocketInheritance | undefined;
  /** Listening sockets of the process that no config knows. */
  readonly sockets: () => readonly OfferedSocket[];
}
