import { DescriptorHub } from '../../net/node/descriptors/descriptor-hub.ts';
import { runtimeWays } from '../../net/node/runtime-ways.ts';
import type { Logger } from '../../plugin-api/index.ts';

/** What more than one worker need of the system and of Node.js. */
export interface WorkerNeeds {
  /** Why no descriptor can be sent to a worker; '' when it can. */
  readonly noDescriptors: string;
  /** Whether connections are accepted in a way that is known. */
  readonly interceptedAccept: boolean;
}

/** Returns how many workers there can be of those that are asked for: all, or one where something is missing, which is logged. */
export function usableWorkers(count: number, logger: Logger, needs = ownNeeds): number {
  const lack = count > 1 ? lackIn(needs()) : undefined;
  if (lack === undefined) return count;
  logger.warn('one worker serves, not as many as the config asks for', { asked: count, reason: lack });
  return 1;
}

function ownNeeds(): WorkerNeeds {
  const { failure } = new DescriptorHub();
  return { noDescriptors: failure, interceptedAccept: runtimeWays().interceptedAccept };
}

function lackIn({ noDescriptors, interceptedAccept }: WorkerNeeds): string | undefined {
  if (noDescriptors !== '') return noDescriptors;
  return interceptedAccept ? undefined : 'this version of Node.js accepts in a way that is not known';
}
