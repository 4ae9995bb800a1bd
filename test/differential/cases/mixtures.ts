import { SeededRandom } from '../../support/seeded-random.ts';
import { CANARY, chunked, draft, HIDDEN, type Attempts } from '../case.ts';
import { CHUNK_SHAPES } from './chunk-shapes.ts';
import { CODINGS, LENGTHS } from './framing-values.ts';
import { METHODS, TARGETS, VERSIONS } from './start-lines.ts';

const SEED = 20_260_401;
const COUNT = 700;

/** Bytes that readers are known to treat differently. */
const SPICE = [
  '\r',
  '\n',
  '\r\n',
  '\0',
  '\t',
  ' ',
  '\v',
  '\f',
  ':',
  ',',
  ';',
  '"',
  '\x7f',
  '\x80',
  '\x85',
  '\xa0',
  '\xff',
  '0',
  '-',
  '_',
];

/** Two or three oddities at once, and sound requests with a few bytes changed; the same ones in each run. */
export function* mixtures(): Attempts {
  const random = new SeededRandom(SEED);
  for (let number = 0; number < COUNT; number += 1) {
    const bytes = number % 2 === 0 ? composed(random) : mutated(random);
    yield [`mixture ${String(number)}`, bytes];
  }
}

function composed(random: SeededRandom): string {
  const rarely = <T>(usual: T, others: readonly T[]): T =>
    random.next() < 0.8 ? usual : random.pick(others);
  const body = random.pick([
    HIDDEN,
    chunked(HIDDEN),
    `0\r\n\r\n${HIDDEN}`,
    random.pick(CHUNK_SHAPES),
    'hello',
    '',
  ]);
  const lines: string[] = [];
  if (random.next() < 0.6)
    lines.push(`Content-Length:${rarely(' N', LENGTHS).replaceAll('N', String(body.length))}\r\n`);
  if (random.next() < 0.6) lines.push(`Transfer-Encoding:${rarely(' chunked', CODINGS)}\r\n`);
  if (random.next() < 0.3)
    lines.push(
      `Connection: ${random.pick(['close', 'keep-alive', 'Content-Length', 'Transfer-Encoding', 'Host'])}\r\n`,
    );
  if (random.next() < 0.2) lines.push('Expect: 100-continue\r\n');
  if (random.next() < 0.5) lines.reverse();
  return draft({
    method: rarely(random.pick(['GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']), METHODS),
    target: rarely('/subject', TARGETS),
    version: rarely(random.pick(['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0']), VERSIONS),
    lines: lines.join(''),
    body,
  });
}

function mutated(random: SeededRandom): string {
  const sound = random.pick([
    draft({ method: 'GET', lines: 'X-Field: 1\r\n', behind: '' }),
    draft({ lines: `Content-Length: ${String(HIDDEN.length)}\r\n`, body: HIDDEN, behind: '' }),
    draft({ lines: 'Transfer-Encoding: chunked\r\n', body: chunked(HIDDEN), behind: '' }),
    draft({
      lines: 'Transfer-Encoding: chunked\r\n',
      body: '5;a=b\r\nhello\r\n0\r\nX-Trailer: 1\r\n\r\n',
      behind: '',
    }),
  ]);
  let bytes = sound;
  for (let left = random.between(1, 3); left > 0; left -= 1) {
    const at = random.between(0, bytes.length);
    const cut = random.next() < 0.5 ? 0 : random.between(1, 3);
    const added = random.next() < 0.25 ? '' : random.pick(SPICE);
    bytes = bytes.slice(0, at) + added + bytes.slice(at + cut);
  }
  return bytes + CANARY;
}
