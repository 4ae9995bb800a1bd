import { describe, expect, it } from 'vitest';
import { ballsIntoBins } from '../../simulation/balls-into-bins.ts';
import { percentile, runSimulation, type SimulationPlan } from '../../simulation/run-simulation.ts';

const SERVERS = 400;
const LOAD = 0.9;

/** Servers that serve one request at a time, as in the supermarket model. */
const SUPERMARKET: SimulationPlan = {
  backends: Array.from({ length: SERVERS }, () => ({ cores: 1, meanMs: () => 1_000, weight: 1 })),
  perSecond: SERVERS * LOAD,
  seconds: 220,
  fromSecond: 60,
  seed: 4,
};

const highest = (loads: readonly number[]): number => Math.max(...loads);

describe('balls into bins', () => {
  it.each([1, 2, 3])(
    'two choices leave the fullest bin with log log n / log 2 balls and few more, one choice with many more (seed %d)',
    (seed) => {
      // Mitzenmacher (2001), theorem 1; Raab, Steger (1998) for one choice.
      const bins = 10_000;
      const expected = Math.log(Math.log(bins)) / Math.LN2;
      const two = highest(ballsIntoBins('power-of-two', bins, bins, seed));
      const one = highest(ballsIntoBins('random', bins, bins, seed));
      expect(two).toBeGreaterThanOrEqual(3);
      expect(two).toBeLessThanOrEqual(expected + 1.5);
      expect(one).toBeGreaterThanOrEqual(6);
    },
  );

  it.each([1.1, 1.25, 2])('bounded loads never pass the bound (load factor %d)', (loadFactor) => {
    // Mirrokni, Thorup, Zadimoghaddam (2016).
    const bins = 200;
    const balls = 4_000;
    const bounded = ballsIntoBins('bounded-consistent-hash', balls, bins, 1, loadFactor);
    expect(bounded.reduce((sum, load) => sum + load, 0)).toBe(balls);
    expect(highest(bounded)).toBeLessThanOrEqual(Math.ceil((loadFactor * balls) / bins));
    expect(highest(ballsIntoBins('consistent-hash', balls, bins, 1))).toBeGreaterThan((1.3 * balls) / bins);
  });
});

describe('the supermarket model at 90 % load', () => {
  it('has queues that get rare twice exponentially with two choices', () => {
    // Mitzenmacher (2001), Vvedenskaya, Dobrushin, Karpelevich (1996): so many servers have at least i requests.
    const { atLeast } = runSimulation('power-of-two', SUPERMARKET);
    for (let least = 1; least <= 6; least++)
      expect(Math.abs((atLeast[least] ?? 0) - LOAD ** (2 ** least - 1))).toBeLessThan(0.03);
    expect(atLeast[8] ?? 0).toBeLessThan(0.001);
  });

  it('has queues that get rare exponentially with one choice', () => {
    // Each server is an M/M/1 queue.
    const { atLeast } = runSimulation('random', SUPERMARKET);
    for (let least = 1; least <= 6; least++)
      expect(Math.abs((atLeast[least] ?? 0) - LOAD ** least)).toBeLessThan(0.06);
    expect(atLeast[12] ?? 0).toBeGreaterThan(0.15);
  });

  it('has shorter times the more an algorithm knows', () => {
    const [one, two, all] = (['random', 'power-of-two', 'least-connections'] as const).map((algorithm) =>
      percentile(runSimulation(algorithm, SUPERMARKET), 0.99),
    );
    expect(two).toBeLessThan(one! / 3);
    expect(all).toBeLessThan(two!);
  });
});

describe('a backend that takes five times as long', () => {
  const plan: SimulationPlan = {
    backends: [1, 1, 1, 1, 5].map((slowness) => ({ cores: 4, meanMs: () => 20 * slowness, weight: 1 })),
    perSecond: 500,
    seconds: 20,
    fromSecond: 5,
    seed: 8,
  };

  it.each([
    'power-of-two',
    'least-connections',
    'least-time',
    'peak-ewma',
    'bounded-consistent-hash',
  ] as const)('gets fewer requests from %s, and keeps nobody waiting', (algorithm) => {
    const result = runSimulation(algorithm, plan);
    expect(result.requests[4]!).toBeLessThan(0.7 * result.requests[0]!);
    expect(percentile(result, 0.99)).toBeLessThan(400);
  });

  it.each(['round-robin', 'random', 'consistent-hash', 'maglev'] as const)(
    'is flooded by %s, as the reference says',
    (algorithm) => {
      expect(percentile(runSimulation(algorithm, plan), 0.99)).toBeGreaterThan(2_000);
    },
  );
});
