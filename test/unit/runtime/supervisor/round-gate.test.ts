import { describe, expect, it } from 'vitest';

import type { GenerationRound } from '../../../../src/runtime/supervisor/generation-round.ts';
import { RoundGate } from '../../../../src/runtime/supervisor/round-gate.ts';

const round = (): GenerationRound => ({}) as unknown as GenerationRound;

/** What has happened of it by the next turn of the event loop. */
async function isOver(wait: Promise<void>): Promise<boolean> {
  let over = false;
  void wait.then(() => {
    over = true;
  });
  await new Promise(setImmediate);
  return over;
}

describe('the gate between edits and workers that come', () => {
  it('is open while no edit is under way', async () => {
    const gate = new RoundGate();
    expect(gate.round).toBeUndefined();
    expect(await isOver(gate.over)).toBe(true);
    gate.end();
    expect(await isOver(gate.over)).toBe(true);
  });

  it('is closed from the beginning of an edit to its end', async () => {
    const gate = new RoundGate();
    const edit = round();
    gate.begin(edit);
    expect(gate.round).toBe(edit);
    expect(await isOver(gate.over)).toBe(false);
    gate.end();
    expect(gate.round).toBeUndefined();
    expect(await isOver(gate.over)).toBe(true);
  });

  it('lets those through that waited for an edit which another one took the place of, and stops those that come then', async () => {
    const gate = new RoundGate();
    gate.begin(round());
    const before = gate.over;
    const next = round();
    gate.begin(next);
    expect(await isOver(before)).toBe(true);
    expect(gate.round).toBe(next);
    expect(await isOver(gate.over)).toBe(false);
  });
});
