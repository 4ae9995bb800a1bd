import type { Algorithm } from '../../src/config/values/algorithm.ts';
import { createBalancer } from '../../src/upstream/balancer/create-balancer.ts';
import { EventQueue } from './event-queue.ts';
import { KnownBackend } from './known-backend.ts';
import { seededChance } from './run-simulation.ts';
import { SimulatedBackend } from './simulated-backend.ts';

const PLAN = { cores: 1, meanMs: () => 1, weight: 1 };

/** By backend: the leases that it has after so many began and none ended. Each has a key of its own. */
export function ballsIntoBins(
  algorithm: Algorithm,
  balls: number,
  bins: number,
  seed: number,
  loadFactor = 1.25,
): number[] {
  const events = new EventQueue();
  const chance = seededChance(seed);
  const backend = new SimulatedBackend(PLAN, events, chance);
  const known = Array.from(
    { length: bins },
    (_, at) => new KnownBackend(`bin-${at}`, backend, events, false),
  );
  const balancer = createBalancer({ algorithm, load_factor: loadFactor }, known, chance);
  for (let ball = 0; ball < balls; ball++) {
    const picked = balancer.pick({ key: `ball ${ball}`, exclude: undefined });
    if (picked !== undefined) picked.active += 1;
  }
  return known.map(({ active }) => active);
}
