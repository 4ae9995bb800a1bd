import { DOUBLE_FRAMINGS, draft, named, type Attempts } from '../case.ts';

/** Ways to write a field name so that one reader knows it and another does not. `N` stands for the name, `V` for the value. */
const LINES: readonly string[] = [
  'N: V\r\n',
  'N:V\r\n',
  'N : V\r\n',
  'N\t: V\r\n',
  ' N: V\r\n',
  '\tN: V\r\n',
  'N\0: V\r\n',
  '\0N: V\r\n',
  'N\r: V\r\n',
  'N\n: V\r\n',
  'N\r\n: V\r\n',
  'N\r\n : V\r\n',
  'N\v: V\r\n',
  '\vN: V\r\n',
  'N\f: V\r\n',
  'N\x7f: V\r\n',
  'N\x80: V\r\n',
  'N\x85: V\r\n',
  'N\xa0: V\r\n',
  '\xa0N: V\r\n',
  '\xef\xbb\xbfN: V\r\n',
  'N:: V\r\n',
  'N;: V\r\n',
  'N,X: V\r\n',
  'N=V\r\n',
  'N V\r\n',
  'N\r\nV\r\n',
  ':N: V\r\n',
  ': V\r\nN: V\r\n',
  '"N": V\r\n',
  '(N): V\r\n',
  'N(): V\r\n',
  'X: y\rN: V\r\n',
  'X: y\nN: V\r\n',
  'X: y\r\rN: V\r\n',
  'X: y\n\rN: V\r\n',
  'X: y\r\r\nN: V\r\n',
  'X: y\0N: V\r\n',
  'X: y\x85N: V\r\n',
  'X: y\vN: V\r\n',
  'X: y\r\n N: V\r\n',
  'X: y\r\n\tN: V\r\n',
  'X:\r\n N: V\r\n',
  'X:\nN: V\r\n',
  'X:\rN: V\r\n',
  'X\r\nN: V\r\n',
  'X: "y\r\nN: V"\r\n',
  'X-N: V\r\n',
  'N-X: V\r\n',
  'NN: V\r\n',
  'N: V\r\nn: V\r\n',
  'n: V\r\n',
  '_N: V\r\n',
];

/** Content-Length or Transfer-Encoding written oddly, alone and beside the other one written well. */
export function* framingNames(): Attempts {
  for (const name of ['Content-Length', 'Transfer-Encoding']) {
    const spellings = [
      name,
      name.replace('-', '_'),
      name.toUpperCase(),
      name.replace('-', ''),
      name.replace('-', ' '),
    ];
    for (const line of LINES) {
      for (const spelling of line === 'N: V\r\n' ? spellings : [name]) {
        for (const framing of DOUBLE_FRAMINGS) {
          const isLength = name === 'Content-Length';
          const value = isLength ? String(framing.length) : 'chunked';
          const parts: Record<string, string> = { N: spelling, n: spelling.toLowerCase(), V: value };
          const odd = line.replace(/[NnV]/g, (part) => parts[part] ?? part);
          const other = isLength
            ? 'Transfer-Encoding: chunked\r\n'
            : `Content-Length: ${String(framing.length)}\r\n`;
          const lines = framing.what.startsWith('no length')
            ? odd
            : framing.length === 4
              ? odd + other
              : other + odd;
          const what = `${spelling} as ${named(line)}, ${framing.what}`;
          yield [what, draft({ lines, body: framing.body })];
        }
      }
    }
  }
}
