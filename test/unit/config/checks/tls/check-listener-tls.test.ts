import { describe, expect, it } from 'vitest';
import { warningsOf } from '../../problems-of.ts';

const listener = (mode: string, tls: string): string =>
  `listeners: [{ name: a, mode: ${mode}, address: ':1', upstream: up, tls: { ${tls} } }]\n` +
  `upstreams: [{ name: up, backends: [{ address: 'a:1' }] }]\n`;

describe('a listener that only passes TLS on', () => {
  it.each(['http', 'echo'])('in mode %s gets a warning, because that mode sees no connection', (mode) => {
    expect(warningsOf(listener(mode, "sni: { routes: { 'a.test': up } }")).join('\n')).toContain(
      `listeners[0].tls.sni passes all connections on undecrypted, so mode: ${mode} does nothing here: ` +
        'write mode: tcp, or give the listener a certificate',
    );
  });

  it('in mode tcp has the time limit of its protocol', () => {
    expect(warningsOf(listener('tcp', "sni: { idle_timeout: 1h, routes: { 'a.test': up } }"))).toEqual([
      'x.yaml:1:92 listeners[0].tls.sni.idle_timeout has no effect in mode: tcp: set tcp.timeouts.idle',
    ]);
  });

  it('in mode tcp gets none', () => {
    expect(warningsOf(listener('tcp', "sni: { routes: { 'a.test': up } }"))).toEqual([]);
  });
});
