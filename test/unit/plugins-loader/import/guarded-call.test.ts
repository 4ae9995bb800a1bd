import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';

import { guardedCall } from '../../../../src/plugins/import/guarded-call.ts';
import { eventually } from '../../../support/time/eventually.ts';

const OURS = new Error('ours');

function guard(work: () => unknown, limitMs = 20_000) {
  const process = new EventEmitter();
  const late: unknown[] = [];
  const result = guardedCall(async () => work(), {
    limitMs,
    process,
    isOurs: (error) => error === OURS,
    late: (value) => late.push(value),
  });
  return { process, late, result };
}

describe('a guarded call', () => {
  it('gives what the work gives and leaves nothing behind', async () => {
    const { process, result } = guard(() => 7);
    expect(process.listenerCount('uncaughtException')).toBe(1);
    expect(await result).toBe(7);
    expect(process.eventNames()).toEqual([]);
  });

  it('rejects with what the work throws or rejects with', async () => {
    await expect(
      guard(() => {
        throw OURS;
      }).result,
    ).rejects.toBe(OURS);
    await expect(guard(() => Promise.reject(OURS)).result).rejects.toBe(OURS);
  });

  it('gives up when time is up, and hands over what comes after that', async () => {
    let finish: (value: string) => void = () => undefined;
    const { result, late, process } = guard(() => new Promise((resolve) => (finish = resolve)), 10);
    await expect(result).rejects.toThrow('it takes longer than 10 ms');
    expect(process.eventNames()).toEqual([]);
    finish('at last');
    await eventually(() => late.length > 0, 'it was handed over');
    expect(late).toEqual(['at last']);
  });

  it.each(['uncaughtException', 'unhandledRejection'])('fails with an %s of the work', async (event) => {
    const { result, process } = guard(() => new Promise(() => {}));
    process.emit(event, OURS);
    await expect(result).rejects.toBe(OURS);
  });

  it('fails with an error that escapes just after the work, and hands over its result', async () => {
    const { result, late, process } = guard(() => {
      setImmediate(() => process.emit('uncaughtException', OURS));
      return 'made';
    });
    await expect(result).rejects.toBe(OURS);
    expect(late).toEqual(['made']);
  });

  it('leaves the errors of others to others', async () => {
    const { result, process } = guard(() => new Promise((resolve) => setTimeout(resolve, 20, 'fine')));
    const seen: unknown[] = [];
    process.on('uncaughtException', (error) => seen.push(error));
    const others = new Error('of somebody else');
    process.emit('uncaughtException', others);
    expect(await result).toBe('fine');
    expect(seen).toEqual([others]);
  });

  it('lets an error of others that nobody else minds end the process as ever', async () => {
    const { result, process } = guard(() => 'fine');
    const others = new Error('of somebody else');
    expect(() => process.emit('uncaughtException', others)).toThrow(others);
    expect(await result).toBe('fine');
  });
});
