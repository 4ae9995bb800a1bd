import { describe, expect, it } from 'vitest';
import { shortageOf } from '../../../src/errors.ts';

const failed = (code: string, more: object = {}): Error => Object.assign(new Error(code), { code, ...more });

describe('a shortage of our own', () => {
  it.each(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM'])('is %s', (code) => {
    expect(shortageOf(failed(code))).toBe(code);
  });

  it.each(['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EHOSTUNREACH', 'ECONNABORTED', 'ENOENT'])(
    'is not %s',
    (code) => {
      expect(shortageOf(failed(code))).toBe('');
    },
  );

  it('is having no local port for a connection, but not having no such address', () => {
    const noPort = { syscall: 'connect', address: '10.0.0.1' };
    expect(shortageOf(failed('EADDRNOTAVAIL', noPort))).toBe('EADDRNOTAVAIL');
    // A machine without IPv6 says the same of every address of that family.
    expect(shortageOf(failed('EADDRNOTAVAIL', { ...noPort, address: '::1' }))).toBe('');
    expect(shortageOf(failed('EADDRNOTAVAIL', { syscall: 'listen', address: '10.0.0.1' }))).toBe('');
  });

  it('is there when one of several addresses met it', () => {
    const errors = [failed('EMFILE'), failed('ECONNREFUSED')];
    expect(shortageOf(Object.assign(new AggregateError(errors, 'both'), { code: 'ECONNREFUSED' }))).toBe(
      'EMFILE',
    );
    expect(shortageOf(new AggregateError([failed('ECONNREFUSED')], 'one'))).toBe('');
    expect(shortageOf(undefined)).toBe('');
  });
});
