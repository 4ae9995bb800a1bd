import type { SeededRandom } from '../support/seeded-random.ts';

const BYTES = [
  '\u0000',
  '\r',
  '\n',
  ' ',
  '\t',
  ':',
  ',',
  ';',
  '/',
  '0',
  '1',
  '9',
  'f',
  '-',
  '+',
  '"',
  '\u000b',
  '\u007f',
  '\u0080',
  '\u00ff',
];
// No HEAD among them: readers of the responses must know what they answer.
const WORDS = [
  '\r\n',
  '\r\n\r\n',
  '\n\n',
  '0\r\n\r\n',
  '5\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: gzip\r\n',
  'Content-Length: 0\r\n',
  'Content-Length: 5\r\n',
  'Connection: close\r\n',
  'Connection: Upgrade\r\nUpgrade: foo\r\n',
  'Host: b\r\n',
  'Expect: 100-continue\r\n',
  ' HTTP/1.0\r\n',
  ' HTTP/1.1\r\n',
  'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'chunked',
  ', ',
  '\r\n ',
];

/** Changes a text blindly, in one to four places. */
export function mutate(random: SeededRandom, text: string): string {
  let mutated = text;
  for (let i = random.between(1, 4); i > 0; i--) mutated = mutateOnce(random, mutated);
  return mutated;
}

function mutateOnce(random: SeededRandom, text: string): string {
  if (text === '') return random.pick(WORDS);
  // Heads are where it matters.
  const reach = random.next() < 0.7 ? Math.min(text.length, 500) : text.length;
  const at = random.between(0, reach - 1);
  const before = text.slice(0, at);
  switch (random.between(0, 8)) {
    case 0:
      return (
        before + String.fromCharCode(text.charCodeAt(at) ^ (1 << random.between(0, 7))) + text.slice(at + 1)
      );
    case 1:
      return before + random.pick(BYTES) + text.slice(at + 1);
    case 2:
      return before + random.pick(BYTES) + text.slice(at);
    case 3:
      return before + text.slice(at + random.between(1, 8));
    case 4: {
      const length = random.between(1, 60);
      return before + text.slice(at, at + length) + text.slice(at);
    }
    case 5: {
      const from = random.between(0, text.length - 1);
      return before + text.slice(from, from + random.between(1, 80)) + text.slice(at);
    }
    case 6:
      return before;
    case 7:
      return (
        before + String.fromCharCode(random.between(0, 255)).repeat(random.between(1, 30)) + text.slice(at)
      );
    default:
      return before + random.pick(WORDS) + text.slice(at);
  }
}
