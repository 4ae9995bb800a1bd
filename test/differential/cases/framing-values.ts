import { chunked, CANARY, DOUBLE_FRAMINGS, draft, HIDDEN, named, type Attempts } from '../case.ts';

/** Values for `Transfer-Encoding:`. */
export const CODINGS: readonly string[] = [
  ' chunked',
  'chunked',
  '\tchunked',
  '  chunked',
  ' \t chunked \t ',
  ' chunked ',
  ' chunked\t',
  ' CHUNKED',
  ' Chunked',
  ' cHuNkEd',
  ' chunked,',
  ' ,chunked',
  ' , chunked',
  ' chunked, ,',
  ' chunked;',
  ' chunked;q=1',
  ' chunked; x="y"',
  ' chunked, chunked',
  ' chunked chunked',
  ' identity',
  ' identity, chunked',
  ' chunked, identity',
  ' gzip',
  ' gzip, chunked',
  ' chunked, gzip',
  ' deflate, gzip, chunked',
  ' compress,chunked',
  ' xchunked',
  ' x-chunked',
  ' chunkedx',
  ' chunke',
  ' chunk',
  ' chunked\0',
  ' \0chunked',
  ' chun\0ked',
  ' chunked\r',
  '\rchunked',
  ' \rchunked',
  '\nchunked',
  ' \n chunked',
  '\r\n chunked',
  '\r\n\tchunked',
  ' chunked\r\n ',
  ' chunked\r\n , identity',
  ' identity\r\n , chunked',
  '\vchunked',
  ' \vchunked',
  ' chunked\v',
  '\fchunked',
  ' chunked\f',
  ' chunked\x7f',
  ' \x7fchunked',
  '\xa0chunked',
  ' chunked\xa0',
  '\x85chunked',
  ' chunked\x85',
  ' \xffchunked',
  ' "chunked"',
  " 'chunked'",
  ' (chunked)',
  ' <chunked>',
  ' chunked(comment)',
  ' %63hunked',
  ' \\chunked',
  ' chun ked',
  ' chun\tked',
  ' c\u0068unked',
  ' chunKed',
  ' chun\xe2\x84\xaaed',
  ' trailers',
  ' false',
  ' none',
  ' null',
  ' 0',
  '',
  ' ',
  ' ,',
  ' ;',
  ' ,,chunked',
  ' chunked,,',
  ' chunked/1.0',
  ' chunked=1',
  ' chunked:',
  ': chunked',
  ' :chunked',
];

/** Values for `Content-Length:`; `N` stands for the right number. */
export const LENGTHS: readonly string[] = [
  ' N',
  'N',
  '\tN',
  ' N ',
  ' N\t',
  ' \t N \t ',
  ' 0N',
  ' 000000N',
  ' 00000000000000000000000000N',
  ' +N',
  ' -N',
  ' - N',
  ' ++N',
  ' N.0',
  ' N.',
  ' .N',
  ' Ne0',
  ' 1e1',
  ' 0xN',
  ' 0x5',
  ' 0b1',
  ' 0o5',
  ' 010',
  ' Nh',
  ' Nx',
  ' xN',
  ' N,',
  ' ,N',
  ' N,N',
  ' N, N',
  ' N, 0',
  ' 0, N',
  ' N N',
  ' N 0',
  ' N;',
  ' N;x',
  ' "N"',
  " 'N'",
  ' (N)',
  ' N(c)',
  ' N\0',
  ' \0N',
  ' N\x000',
  ' N\r',
  ' N\r0',
  '\rN',
  ' N\n',
  ' N\n0',
  '\nN',
  '\r\n N',
  '\r\n\tN',
  ' N\r\n 0',
  ' N\r\n ',
  '\vN',
  ' N\v',
  '\fN',
  ' N\f',
  '\xa0N',
  ' N\xa0',
  '\x85N',
  ' N\x85',
  ' N\x7f',
  ' \xb2',
  ' \xd9\xa5',
  ' 1_0',
  " 1'0",
  '',
  ' ',
  ' ,',
  ' NaN',
  ' Infinity',
  ' null',
  ' true',
  ' chunked',
  ' 4294967296',
  ' 4294967301',
  ' 9007199254740991',
  ' 9007199254740992',
  ' 9007199254740993',
  ' 9223372036854775807',
  ' 9223372036854775808',
  ' 18446744073709551615',
  ' 18446744073709551616',
  ' 18446744073709551621',
  ' 340282366920938463463374607431768211461',
  ` ${'9'.repeat(400)}`,
  ` ${'0'.repeat(400)}N`,
  ' %35',
  ' \\5',
  ': N',
  ' :N',
  ' N:',
  ' N%',
  ' 5 bytes',
  ' bytes=5',
];

/** One framing field with an odd value: alone, and beside the other one. */
export function* framingValues(): Attempts {
  for (const coding of CODINGS) {
    const line = `Transfer-Encoding:${coding}\r\n`;
    yield [`coding ${named(coding)} alone`, draft({ lines: line, body: chunked('hello') })];
    for (const framing of DOUBLE_FRAMINGS.slice(0, 2)) {
      const length = `Content-Length: ${String(framing.length)}\r\n`;
      yield [`coding ${named(coding)}, ${framing.what}`, draft({ lines: length + line, body: framing.body })];
    }
  }
  const body = `hello${HIDDEN}`;
  for (const length of LENGTHS) {
    const line = `Content-Length:${length.replaceAll('N', String(body.length))}\r\n`;
    yield [`length ${named(length)} alone`, draft({ lines: line, body })];
    yield [`length ${named(length)} in a GET`, draft({ method: 'GET', lines: line, body })];
    const coded = `${line}Transfer-Encoding: chunked\r\n`;
    yield [`length ${named(length)} beside chunked`, draft({ lines: coded, body: `0\r\n\r\n${HIDDEN}` })];
  }
}

/** Two framing fields of one name. */
export function* framingTwice(): Attempts {
  const inner = `hello${HIDDEN}`;
  const right = String(inner.length);
  const lengths = [
    '5',
    right,
    '0',
    '',
    'x',
    '-1',
    `+${right}`,
    `0${right}`,
    `${right},`,
    '\0',
    `${right}\r\n `,
  ];
  for (const first of lengths) {
    for (const second of lengths) {
      for (const between of ['', 'X-Between: 1\r\n']) {
        const lines = `Content-Length: ${first}\r\n${between}content-length: ${second}\r\n`;
        const apart = between === '' ? '' : ', apart';
        yield [`lengths ${named(first)} and ${named(second)}${apart}`, draft({ lines, body: inner })];
      }
    }
  }
  const codings = ['chunked', 'identity', '', 'gzip', 'x', 'CHUNKED', 'chunked,', '\vchunked'];
  for (const first of codings) {
    for (const second of codings) {
      const lines = `Transfer-Encoding: ${first}\r\nTransfer-Encoding: ${second}\r\n`;
      yield [`codings ${named(first)} and ${named(second)}`, draft({ lines, body: `0\r\n\r\n${CANARY}` })];
      const length = `Content-Length: ${String(5 + HIDDEN.length)}\r\n`;
      const what = `codings ${named(first)} and ${named(second)} around a length`;
      yield [what, draft({ lines: lines.replace('\r\n', `\r\n${length}`), body: `0\r\n\r\n${HIDDEN}` })];
    }
  }
}
