import { describe, expect, it } from 'vitest';

import { problemsOf, warningsOf, yaml } from '../problems-of.ts';

const upstreams = 'upstreams: [{ name: up, backends: [{ address: "a:1" }] }]\n';

describe('an upstream that only routes by host name use', () => {
  it('is used, whatever the mode of the listener is', () => {
    const text = yaml`
      listeners:
        - listen: ":1"
          mode: tcp
          tls: { sni: { routes: { a.test: up } } }
    `;
    expect(warningsOf(`${text}\n${upstreams}`)).toEqual([]);
    const plugin = text.replace('mode: tcp', 'mode: echo');
    expect(warningsOf(`${plugin}\n${upstreams}`)).toEqual([]);
  });

  it('is used as the default too', () => {
    const text = 'listeners: [{ listen: ":1", mode: tcp, tls: { sni: { default: up } } }]\n';
    expect(warningsOf(`${text}${upstreams}`)).toEqual([]);
  });

  it('must balance by what TCP knows', () => {
    const text = yaml`
      listeners: [{ listen: ":1", mode: tcp, tls: { sni: { routes: { a.test: up } } } }]
      upstreams:
        - name: up
          backends: [{ address: "a:1" }]
          load_balancer: { algorithm: consistent-hash, hash_key: header:X-User }
    `;
    expect(problemsOf(text)).toEqual([expect.stringMatching(/load_balancer\.hash_key must be source-ip/)]);
  });
});

describe('a listener in mode tcp', () => {
  it('needs no upstream of its own when it decrypts nothing', () => {
    expect(
      problemsOf(
        `listeners: [{ listen: ":1", mode: tcp, tls: { sni: { routes: { a.test: up } } } }]\n${upstreams}`,
      ),
    ).toEqual([]);
  });

  it('needs one without routes by host name', () => {
    expect(problemsOf(`listeners: [{ listen: ":1", mode: tcp }]\n${upstreams}`)).toEqual([
      'x.yaml:1:13 listeners[0] must have the key upstream in mode tcp',
    ]);
  });
});
