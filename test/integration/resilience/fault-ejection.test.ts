import { describe, expect, it } from 'vitest';

import { FAULTS } from '../../support/faults/faulty-backend.ts';
import { FaultScene } from '../../support/faults/fault-scene.ts';
import { buildProgram } from '../../support/labs/built-program.ts';
import { eventually } from '../../support/time/eventually.ts';
import { TEST_WORKERS } from '../../support/workers/test-workers.ts';

// Workers run the compiled files.
buildProgram();

const REQUESTS = 8;
const PASSIVE = `
health_check: { enabled: false, passive_checks: { consecutive_failures: 2 } }
outlier_detection: { base_ejection_time: 1h, max_ejection_time: 1h }
`;
const BREAKER = 'circuit_breaker: { max_failures: 2, timeout: 1h }';
const RETRY =
  'retry: { initial_delay: 0, on: [connect-failure, reset, timeout, 500-599], per_try_timeout: 300ms }';

/** What clients can't be spared: nothing is tried again once they have got a part of an answer, nor after a wrong one. */
const NEVER_TRIED_AGAIN: ReadonlySet<string> = new Set([
  'resets in the head',
  'resets in the body',
  'resets in a chunked body',
  'stalls in the head',
  'stalls in the body',
  'answers garbage',
]);

/** Sends requests one after the other. How many of them failed. */
async function failuresOf(scene: FaultScene): Promise<number> {
  let failed = 0;
  for (let request = 0; request < REQUESTS; request++) if ((await scene.ask()).what !== 'ok') failed += 1;
  return failed;
}

const TELLING = ['resets without a response', 'resets in the body', 'stalls', 'answers 500'] as const;

// The failures in a row of all workers count.
describe.each([
  { workers: TEST_WORKERS, faults: FAULTS },
  { workers: 2, faults: TELLING },
])('with $workers workers, a backend that', ({ workers, faults }) => {
  it.each(faults)('%s is ejected after two failures', async (fault) => {
    const scene = await FaultScene.start(fault, `workers: ${String(workers)}${PASSIVE}`);
    const failed = await failuresOf(scene);
    expect(scene.bad?.tries).toBe(2);
    // A reset at accept may be seen as a failed connect, which costs no request anything.
    if (fault !== 'resets at accept') expect(failed).toBe(2);
    // The worker that is asked may hear of it a moment later.
    await eventually(async () => (await scene.stateOfBad()) === 'ejected', 'the backend is ejected');
  });

  it.each(faults)('%s has an open breaker after two failures', async (fault) => {
    const scene = await FaultScene.start(
      fault,
      `workers: ${String(workers)}\nresilience: { ${BREAKER}, ${RETRY} }`,
    );
    const failed = await failuresOf(scene);
    expect(failed).toBe(NEVER_TRIED_AGAIN.has(fault) ? 2 : 0);
    expect(scene.bad?.tries).toBe(2);
    await eventually(async () => (await scene.stateOfBad()) === 'open', 'the breaker is open');
  });

  // A check is over with the head of a response.
  it.each(['refuses', 'never accepts', ...faults.filter((fault) => !fault.includes('body'))] as const)(
    '%s gets no requests once its checks have failed',
    async (fault) => {
      const scene = await FaultScene.start(
        fault,
        `workers: ${String(workers)}\nhealth_check: { path: /, interval: 1s, timeout: 1s, unhealthy_threshold: 1 }`,
      );
      await eventually(async () => (await scene.stateOfBad()) === 'unhealthy', 'the backend is unhealthy');
      expect(await failuresOf(scene)).toBe(0);
    },
  );
});
