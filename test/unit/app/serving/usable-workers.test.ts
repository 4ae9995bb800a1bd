import { describe, expect, it } from 'vitest';

import { usableWorkers } from '../../../../src/app/serving/usable-workers.ts';
import { RecordingLogger } from '../../../support/recording-logger.ts';

const ALL = { noDescriptors: '', interceptedAccept: true };

describe('the workers that there can be', () => {
  it('are as many as the config asks for where nothing is missing', () => {
    const logger = new RecordingLogger();
    expect(usableWorkers(3, logger, () => ALL)).toBe(3);
    expect(logger.lines).toEqual([]);
  });

  it.each([
    ['needs Linux', { ...ALL, noDescriptors: 'needs Linux' }],
    ['this version of Node.js accepts in a way that is not known', { ...ALL, interceptedAccept: false }],
  ])('are one where something is missing, which is told: %s', (reason, needs) => {
    const logger = new RecordingLogger();
    expect(usableWorkers(3, logger, () => needs)).toBe(1);
    expect(logger.lines).toEqual([
      `warn one worker serves, not as many as the config asks for {"asked":3,"reason":"${reason}"}`,
    ]);
  });

  it('are not looked into where one is asked for', () => {
    const logger = new RecordingLogger();
    const fail = (): never => {
      throw new Error('nobody needs to know');
    };
    expect(usableWorkers(1, logger, fail)).toBe(1);
    expect(logger.lines).toEqual([]);
  });
});
