import { describe, expect, it } from 'vitest';

import { MANAGED_NAMES } from '../../../../../../plugins/http/message/field-names.ts';
import { OWN_BITS, REQUEST_RULES } from '../../../../../../plugins/http/forwarding/request-fields.ts';
import { passedFields } from '../../../../../../plugins/http/h1/write/passed-fields.ts';
import { reader } from '../../parsing.ts';

/** Fields that we write for some requests only, by the set that says for which. */
const SETS: Readonly<Record<keyof typeof OWN_BITS, readonly string[]>> = {
  host: ['host'],
  trace: ['traceparent'],
  state: ['tracestate'],
  hops: ['max-forwards'],
  b3: ['b3', 'x-b3-traceid', 'x-b3-spanid', 'x-b3-parentspanid', 'x-b3-sampled', 'x-b3-flags'],
  jaeger: ['uber-trace-id'],
};
/** Those that we write for each request. */
const ALWAYS = [
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-real-ip',
  'x-request-id',
  'forwarded',
];
const OTHERS = ['content-length', 'accept', 'date', 'referer', 'user-agent', 'via', 'cdn-loop', 'x-other'];

/** The names of the fields that go on when `own` are written by us. */
function passedNames(own: number, passesLength = true): string[] {
  const names = [...Object.values(SETS).flat(), ...ALWAYS, ...OTHERS];
  const message = reader();
  const bytes = Buffer.from(`GET / HTTP/1.1\r\n${names.map((name) => `${name}: 1\r\n`).join('')}\r\n`);
  message.feed(bytes, 0, bytes.length);
  const text = passedFields(message.head!, REQUEST_RULES[own]!, passesLength, -1, 0);
  message.finish();
  return text
    .split('\r\n')
    .slice(0, -1)
    .map((line) => line.slice(0, line.indexOf(':')));
}

describe('the fields that go on to a backend', () => {
  it.each(Array.from({ length: 1 << Object.keys(SETS).length }, (_, own) => own))(
    'are all but those that we write: %i',
    (own) => {
      const written = Object.entries(SETS).filter(([set]) => own & OWN_BITS[set as keyof typeof OWN_BITS]);
      const wanted = Object.values(SETS)
        .flat()
        .filter((name) => !written.some(([, names]) => names.includes(name)));
      expect(passedNames(own)).toEqual([...wanted, ...OTHERS]);
    },
  );

  it('are all but a length that we write in another form', () => {
    const wanted = [...Object.values(SETS).flat(), ...OTHERS].filter((name) => name !== 'content-length');
    expect(passedNames(0, false)).toEqual(wanted);
  });

  it('are told apart by a bit for each set', () => {
    const bits = Object.values(OWN_BITS);
    expect(new Set(bits).size).toBe(bits.length);
    expect(bits.every((bit) => bit > 0 && Number.isInteger(Math.log2(bit)))).toBe(true);
  });

  it('that we write are managed', () => {
    expect(MANAGED_NAMES).toEqual(expect.arrayContaining([...Object.values(SETS).flat(), ...ALWAYS]));
  });
});
