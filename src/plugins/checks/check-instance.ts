import type { ProtocolInstance } from '../../plugin-api/index.ts';

/** What a plugin's `provision` gave, if it can be worked with; throws an Error when it can't. */
export function checkInstance(given: unknown): ProtocolInstance {
  const instance = (typeof given === 'object' && given !== null ? given : {}) as Partial<ProtocolInstance>;
  if (typeof instance.handle !== 'function' || typeof instance.close !== 'function') {
    throw new Error('provision must give an object with the functions handle and close');
  }
  return instance as ProtocolInstance;
}
