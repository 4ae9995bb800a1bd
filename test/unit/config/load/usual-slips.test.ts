import { describe, expect, it } from 'vitest';
import { problemsOf } from '../problems-of.ts';

const REST = "backends: [{ address: '127.0.0.1:9001' }]\n";

/** What the one problem of a text says, without its place. */
function problemOf(text: string): string {
  const problems = problemsOf(text);
  expect(problems).toHaveLength(1);
  return (problems[0] ?? '').replace(/^x\.yaml:\d+:\d+ /, '');
}

describe('a usual slip in a value says what to do', () => {
  it.each([
    ['listen: http://127.0.0.1:8080', 'must be an address and no URL: leave http:// and the path out'],
    ["listen: '8080'", "write a port alone with a colon, as in ':8080'"],
    ['listen: 8080', "write a port alone with a colon and in quotes, as in ':8080'"],
    ['listen: /run/x.sock', 'write unix: before the path of a socket file'],
    ['listen: “:8080”', 'the quotes are typographic ones'],
    ['timeouts: { read: 1:30 }', 'write it with units instead of colons: 1m30s instead of 1:30'],
    ['timeouts: { read: 30 s }', 'write no space between number and unit: 30s instead of 30 s'],
    ['logging: { add_caller: on }', 'in YAML 1.2 that is a text: write true'],
    ['logging: { add_caller: No }', 'in YAML 1.2 that is a text: write false'],
    ["dns: '10.0.0.1'", 'must be a mapping of keys to values'],
    ['tls: true', 'write it as tls: { cert_file: site.crt, key_file: site.key }'],
    ['tls: false', 'to turn it off, leave it out'],
    ['proxy_protocol: true', 'write { trusted: [10.0.0.0/8] } to accept the header from these addresses'],
    ['proxy_protocol: v2', '{ send: v2 } in a file without upstreams'],
    ['load_balancer: random', 'write it as load_balancer: { algorithm: round-robin }'],
    ['sticky: true', 'write it as sticky: { type: cookie }'],
    ['sticky: false', 'to turn it off, leave it out'],
    ['queue: 100', 'write it as queue: { max_size: 100, timeout: 5s }'],
    ['resilience: { hedge: 500ms }', 'write it as hedge: { after: 500ms }'],
    ['overload: { event_loop_delay: 250ms }', 'write it as event_loop_delay: { refuse: 250ms, pause: 1s }'],
    ['outlier_detection: { max_ejection_percent: 50% }', 'must be a whole number, without the % sign'],
    ['health_check: { type: http, expected_status: 2xx }', 'a class is written as a range: 200-299'],
    ['resilience: { retry: { on: [5xx] } }', 'a class is written as a range: 500-599'],
    ['resilience: { retry: { on: [http_503] } }', 'write a status as a number alone, as in 503'],
    ['resilience: { retry: { on: [connect_failure] } }', 'did you mean "connect-failure"?'],
    ['resilience: { retry: { on: [gateway-error] } }', 'did you mean "502-504"?'],
  ])('%s', (line, words) => {
    const listen = line.startsWith('listen') ? '' : "listen: ':8080'\n";
    expect(problemOf(`${listen}${line}\n${REST}`)).toContain(words);
  });

  it.each([
    ['[{ address: localhost }]', 'the port is missing: write it after a colon, as in localhost:3000'],
    ['[{ address: /run/app.sock }]', 'write unix: before the path of a socket file'],
    ["['127.0.0.1:9001']", 'write it as address: localhost:3000'],
    ['127.0.0.1:9001', "write each item on a line of its own that begins with '- '"],
    ['{ – address: x }', 'items begin with a hyphen (-), and this is another character'],
    ["[{ name: 0123, address: 'a:1' }]", 'YAML reads it as a number: put it in quotes'],
    ["[{ name: 08, address: 'a:1' }]", 'YAML reads it as a number: put it in quotes'],
    ["[{ name: true, address: 'a:1' }]", 'YAML reads it as true or false: put it in quotes'],
    ["[{ name: ~, address: 'a:1' }]", 'it is empty: without quotes, YAML reads null as no value'],
    ['[*one]', 'a text that begins with * needs quotes'],
  ])('backends: %s', (value, words) => {
    expect(problemOf(`listen: ':8080'\nbackends: ${value}\n`)).toContain(words);
  });

  it('names the space that is missing after a colon', () => {
    expect(problemOf("listen: ':8080'\nbackends:\n  - name:one\n    address:127.0.0.1:9001\n")).toContain(
      'a space is missing after the colon, as in name: value',
    );
  });

  it('does not advise quotes where a text would be as wrong', () => {
    expect(problemOf(`listen: ':8080'\nlogging: { access_log: { filter: 5 } }\n${REST}`)).not.toContain(
      'quotes',
    );
  });

  it('repeats no value, which may be a secret', () => {
    const text = `listen: ':8080'\nadmin: { listen: '127.0.0.1:0', token: 12345678 }\n${REST}`;
    expect(problemsOf(text).join('\n')).not.toContain('12345678');
  });
});

describe('a text that is no YAML says what to do', () => {
  it.each([
    [
      'tracing: { service_name: @me }',
      'begins with @, which has a meaning of its own in YAML: put the value in quotes',
    ],
    ['tracing: { service_name: `me` }', 'begins with `'],
    ['http: { via: %x }', 'begins with %'],
    ['\treload: {}', 'YAML takes spaces only'],
    ['tracing: { service_name: "me }', 'a quote that is not closed'],
    ['tracing: { service_name: a: b }', 'has a second ": " in one value: put the value in quotes'],
    ['admin: { token: #abc }', 'outside of quotes, # begins a comment'],
    ['tracing:\u00a0{ enabled: true }', 'has a special space character (U+00A0) in its line'],
  ])('%s', (line, words) => {
    expect(problemsOf(`listen: ':8080'\n${REST}${line}\n`).join('\n')).toContain(words);
  });

  it('names an item that is neither in line with the hyphen nor with the keys', () => {
    const text = "listen: ':8080'\nbackends:\n  - name: one\n   address: 'a:1'\n";
    expect(problemOf(text)).toContain('check the indentation');
  });
});
