import { appendFile, mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { logs } from '../../../../src/cli/logs/logs.ts';
import { eventually } from '../../../support/time/eventually.ts';

const MESSAGE =
  '{"timestamp":"2025-11-17T15:00:00Z","level":"warn","message":"backend is unhealthy","backend":"b 1","wait_ms":1500,"request_id":"r-1"}';
const EXCHANGE =
  '{"timestamp":"2025-11-17T15:00:01Z","method":"GET","path":"/api/users","status":502,"duration_ms":45,"client_ip":"192.168.1.5","bytes":12,"backend":"one","request_id":"r-1","trace_id":"t-1","error":"backend_reset"}';
const TUNNEL =
  '{"timestamp":"2025-11-17T15:00:02Z","listener":"db","protocol":"tcp","duration_ms":61000,"client_ip":"::1","bytes_received":10,"bytes_sent":20,"upstream":"db","backend":"db-1","ended_by":"client"}';
const LINES = [MESSAGE, EXCHANGE, TUNNEL, 'plain words'];

interface Run {
  readonly code: number;
  readonly lines: readonly string[];
  readonly errors: string;
}

interface Terminal {
  readonly stdout: PassThrough;
  readonly result: Promise<number>;
  readonly errors: () => string;
  text(): string;
}

function start(
  args: readonly string[],
  input: Iterable<string | Buffer>,
  env: NodeJS.ProcessEnv = {},
  isTTY = false,
): Terminal {
  const stdout = Object.assign(new PassThrough(), { isTTY });
  const stderr = new PassThrough();
  const stdin = Readable.from([...input].map((piece) => Buffer.from(piece)));
  let text = '';
  let problems = '';
  stderr.on('data', (chunk: Buffer) => (problems += chunk.toString()));
  stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const events = { on: () => undefined, removeListener: () => undefined };
  const context = { env, stdin, stdout, stderr, process: events };
  return {
    stdout,
    result: logs(args, context).then(async (code) => {
      // What was written last is on its way to the listener.
      await new Promise((resolve) => setImmediate(resolve));
      return code;
    }),
    text: () => text,
    errors: () => problems,
  };
}

async function run(
  args: readonly string[],
  lines: readonly string[] = LINES,
  ...rest: [NodeJS.ProcessEnv?, boolean?]
): Promise<Run> {
  const terminal = start(args, [`${lines.join('\n')}\n`], ...rest);
  const code = await terminal.result;
  return { code, lines: terminal.text().split('\n').slice(0, -1), errors: terminal.errors() };
}

describe('balance logs', () => {
  it('shows JSON lines to humans and passes others through', async () => {
    expect(await run([])).toEqual({
      code: 0,
      lines: [
        '2025-11-17 15:00:00 WARN  backend is unhealthy backend="b 1" wait=1.5s request_id=r-1',
        '2025-11-17 15:00:01 ERROR GET /api/users 502 45ms 12B 192.168.1.5 → one request_id=r-1 trace_id=t-1 error=backend_reset',
        '2025-11-17 15:00:02 INFO  tunnel tcp 1m1s 10B in, 20B out ::1 → db-1 listener=db upstream=db ended_by=client',
        'plain words',
      ],
      errors: '',
    });
  });

  it('has colours on a terminal only, and not against the wish of its user', async () => {
    const coloured = /\u001b\[3\dm/;
    expect((await run([], [EXCHANGE], {}, true)).lines[0]).toMatch(coloured);
    expect((await run([], [EXCHANGE], {}, false)).lines[0]).not.toMatch(coloured);
    expect((await run([], [EXCHANGE], { NO_COLOR: '1' }, true)).lines[0]).not.toMatch(coloured);
    expect((await run([], [EXCHANGE], { TERM: 'dumb' }, true)).lines[0]).not.toMatch(coloured);
  });

  it('lets no value end a line or act on the terminal', async () => {
    const nasty = '\u001b[2J\nFORGED\u202e';
    const entry = JSON.stringify({ message: nasty, [nasty]: nasty, timestamp: nasty, list: [nasty] });
    const access = JSON.stringify({
      status: 200,
      method: nasty,
      path: nasty,
      client_ip: nasty,
      backend: nasty,
    });
    const { lines } = await run([], [entry, access, 'raw \u001b[2J'], { NO_COLOR: '1' }, true);
    expect(lines).toHaveLength(3);
    expect(lines.join()).not.toMatch(/[\u0000-\u001f\u202e]/);
  });

  it('passes what is no JSON through byte by byte where no terminal reads it', async () => {
    const lines = ['{"broken', '[1,2]', '\u001b[31mred\u001b[0m', '', '{"a":1} {"b":2}'];
    expect((await run([], lines)).lines).toEqual(lines);
  });

  it('reads lines behind the prefix of a container', async () => {
    const { lines } = await run([], [`balance-1  | ${MESSAGE}`, `[pod/balance/main] ${EXCHANGE}\r`]);
    expect(lines[0]).toMatch(/^balance-1 {2}\| 2025-11-17 15:00:00 WARN {2}backend is unhealthy/);
    expect(lines[1]).toMatch(/^\[pod\/balance\/main\] 2025-11-17 15:00:01 ERROR GET/);
  });

  it.each([
    [
      ['--level', 'warn'],
      ['backend is', 'GET', 'plain'],
    ],
    [
      ['-l', 'ERROR'],
      ['GET', 'plain'],
    ],
    [
      ['--request', 'r-1'],
      ['backend is', 'GET'],
    ],
    [['--trace=t-1'], ['GET']],
    [
      ['--filter', 'status >= 500 or duration > 1m'],
      ['GET', 'tunnel'],
    ],
    [['--filter', 'bytes == 20 and not message'], ['tunnel']],
    [['--filter', 'wait_ms > 1000'], ['backend is']],
    [['--level', 'error', '--request', 'r-1', '--filter', 'path starts_with /api'], ['GET']],
  ])('shows with %j only what is asked for', async (args, shown) => {
    const { lines } = await run(args);
    expect(lines).toHaveLength(shown.length);
    for (const [index, part] of shown.entries()) expect(lines[index]).toContain(part);
  });

  it('says how many lines a filter could not read', async () => {
    const { code, lines, errors } = await run(['--filter', 'status >= 500'], [...LINES, '', 'status=502']);
    expect([code, lines.length]).toEqual([0, 1]);
    expect(errors).toBe('balance: 2 lines are no JSON, which --filter needs: see logging.format\n');
    expect((await run(['--filter', 'status >= 500'], LINES.slice(0, 3))).errors).toBe('');
  });

  it('finds an id in lines of text as well', async () => {
    const text = '2025-11-17T15:00:01Z INFO access method=GET request_id=r-9';
    expect((await run(['--request', 'r-9'], [...LINES, text])).lines).toEqual([text]);
  });

  it('reads lines that arrive in pieces, and a last one without its end', async () => {
    const bytes = `${MESSAGE.replace('b 1', 'größe')}\n${EXCHANGE}`;
    const pieces = Array.from(Buffer.from(bytes), (byte) => Buffer.from([byte]));
    const terminal = start([], pieces);
    await terminal.result;
    const lines = terminal.text().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toContain('größe');
    expect(lines[1]).toContain('GET /api/users');
  });

  it.each([
    [['--levle', 'warn'], "unknown option '--levle' of logs; did you mean --level?"],
    [['--level', 'wran'], '--level must be one of debug, info, warn, error, fatal; did you mean "warn"?'],
    [['--level'], '--level needs a value'],
    [['--follow=no'], '--follow takes no value'],
    [['--filter', 'status >'], '--filter needs a value at character 9'],
    [['-f', '-'], '--follow needs a file; the standard input is followed anyway'],
  ])('refuses %j with a hint', async (args, problem) => {
    const { code, errors, lines } = await run(args);
    expect(code).toBe(2);
    expect(errors).toBe(`balance: ${problem}; see balance --help\n`);
    expect(lines).toEqual([]);
  });

  it('shows how it is used', async () => {
    expect((await run(['--help'])).lines[0]).toMatch(/^balance: /);
  });

  it('ends when nobody reads any more', async () => {
    function* endless(): Generator<string> {
      for (;;) yield `${MESSAGE}\n`;
    }
    const stdout = new PassThrough();
    const events = { on: () => undefined, removeListener: () => undefined };
    const stdin = Readable.from(endless());
    const result = logs([], { env: {}, stdin, stdout, stderr: new PassThrough(), process: events });
    stdout.once('data', () => stdout.destroy());
    stdout.on('error', () => undefined);
    expect(await result).toBe(0);
  });
});

describe('balance logs with files', () => {
  let folder: string;
  let file: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'balance-logs-'));
    file = join(folder, 'access.log');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('shows them one after the other', async () => {
    await writeFile(file, `${MESSAGE}\n`);
    await writeFile(`${file}.1`, `${EXCHANGE}\n`);
    const { lines } = await run([`${file}.1`, file]);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain('GET');
  });

  it('says which one is missing', async () => {
    await expect(run([file])).rejects.toThrow(file);
  });

  it('follows one that grows, is rotated and is cut off', async () => {
    await writeFile(file, `${JSON.stringify({ message: 'one' })}\n`);
    const terminal = start(['--follow', file], []);
    const shown = (...words: string[]): Promise<unknown> =>
      eventually(
        () =>
          terminal
            .text()
            .match(/one|two|three|four|five/g)
            ?.join() === words.join(),
        words.join(),
      );
    await shown('one');
    await appendFile(file, '{"message":"t');
    await appendFile(file, 'wo"}\n');
    await shown('one', 'two');
    await rename(file, `${file}.1`);
    await appendFile(`${file}.1`, '{"message":"three"}\n');
    await writeFile(file, '{"message":"four","note":"longer than what comes next"}\n');
    await shown('one', 'two', 'three', 'four');
    await truncate(file);
    await appendFile(file, '{"message":"five"}\n');
    await shown('one', 'two', 'three', 'four', 'five');
    terminal.stdout.destroy();
    expect(await terminal.result).toBe(0);
  });
});
