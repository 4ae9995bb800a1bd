import type { SimulationPlan } from './run-simulation.ts';
import type { BackendPlan } from './simulated-backend.ts';

const CORES = 4;
const MEAN_MS = 20;

export interface SimulationScenario {
  readonly name: string;
  /** For the plot, in one or two lines. */
  readonly title: readonly string[];
  readonly text: string;
  readonly plan: SimulationPlan;
}

/** A backend that needs so many times the usual time for a request. */
function backend(slowness: number, more: Partial<BackendPlan> = {}): BackendPlan {
  return { cores: CORES, meanMs: () => MEAN_MS * slowness, weight: 1, ...more };
}

function several(count: number, slowness: number, more?: Partial<BackendPlan>): BackendPlan[] {
  return Array.from({ length: count }, () => backend(slowness, more));
}

/** @param load the part of what all backends together can serve */
function plan(
  backends: readonly BackendPlan[],
  load: number,
  more: Partial<SimulationPlan> = {},
): SimulationPlan {
  const perSecond = backends.reduce((sum, { cores, meanMs }) => sum + (cores * 1_000) / meanMs(0), 0) * load;
  return { backends, perSecond, seconds: 60, fromSecond: 10, seed: 15, ...more };
}

const DOWN_MS = 20_000;
const BACK_MS = 30_000;
const COLD_MS = 10_000;

/** Ten backends; one is down for ten seconds, and then takes three times as long for another ten. */
function comesBack(more: Partial<BackendPlan> = {}): SimulationPlan {
  const cold = backend(1, {
    isDown: (nowMs) => nowMs >= DOWN_MS && nowMs < BACK_MS,
    meanMs: (nowMs) => (nowMs >= BACK_MS && nowMs < BACK_MS + COLD_MS ? 3 * MEAN_MS : MEAN_MS),
    ...more,
  });
  return plan([...several(9, 1), cold], 0.75, { fromSecond: 30, seconds: 40 });
}

export const SCENARIOS: readonly SimulationScenario[] = [
  {
    name: 'even',
    title: ['all alike,', '80 % load'],
    text: 'ten backends that are all alike, at 80 % of what they can serve',
    plan: plan(several(10, 1), 0.8),
  },
  {
    name: 'weights',
    title: ['uneven, with', 'fitting weights'],
    text: 'three backends that are twice as fast, four usual ones and three that take twice as long, with weights 4, 2 and 1, at 70 %',
    plan: plan(
      [...several(3, 0.5, { weight: 4 }), ...several(4, 1, { weight: 2 }), ...several(3, 2, { weight: 1 })],
      0.7,
    ),
  },
  {
    name: 'one slow',
    title: ['one takes 5×', 'as long'],
    text: 'ten backends with equal weights, one of which takes five times as long as the others, at 60 %',
    plan: plan([...several(9, 1), backend(5)], 0.6),
  },
  {
    name: 'four proxies',
    title: ['four proxies,', '85 % load'],
    text: 'twenty backends that are all alike behind four proxies, each of which knows only its own requests, at 85 %',
    plan: plan(several(20, 1), 0.85, { proxies: 4 }),
  },
  {
    name: 'comes back',
    title: ['one comes', 'back cold'],
    text: 'one of ten backends comes back after it was down and takes three times as long for ten seconds, which are measured, at 75 %',
    plan: comesBack(),
  },
  {
    name: 'slow start',
    title: ['the same, with', 'slow_start: 10s'],
    text: 'the same with `slow_start: 10s`',
    plan: comesBack({
      factor: (nowMs) => (nowMs < BACK_MS ? 1 : Math.min(1, Math.max(0.1, (nowMs - BACK_MS) / COLD_MS))),
    }),
  },
];

/** How many times its share of the requests the backend got that got the most, by what the backends can serve. */
export function imbalance({ backends }: SimulationPlan, requests: readonly number[]): number {
  const capacities = backends.map(({ cores, meanMs }) => cores / meanMs(0));
  const all = requests.reduce((sum, count) => sum + count, 0);
  const whole = capacities.reduce((sum, capacity) => sum + capacity, 0);
  return Math.max(...requests.map((count, at) => count / all / ((capacities[at] ?? 1) / whole)));
}
