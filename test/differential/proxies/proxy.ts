import { ObservingBackend } from '../observing-backend.ts';
import { Lane } from '../lane.ts';
import type { Closable } from '../../support/owned.ts';

/** A proxy that takes part, with the lanes that lead through it. */
export interface ProxyUnderTest extends Closable {
  readonly name: string;
  readonly lanes: readonly Lane[];
  close(): Promise<void>;
}

/** How a proxy is found and started. */
export interface ProxyKind {
  readonly name: string;
  /** The installed version; undefined when there is none. */
  version(): string | undefined;
  start(lanes: number): Promise<ProxyUnderTest>;
}

export async function openLanes(count: number, settleMs: number): Promise<Lane[]> {
  const backends = await Promise.all(Array.from({ length: count }, () => ObservingBackend.start()));
  return backends.map((backend) => new Lane(backend, settleMs));
}

export async function closeLanes(lanes: readonly Lane[]): Promise<void> {
  await Promise.all(lanes.map((lane) => lane.backend.close()));
}
