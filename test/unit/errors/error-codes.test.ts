import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  BalanceError,
  ERRORS,
  ERROR_CODES,
  isClientFault,
  type ErrorCode,
  type ErrorKind,
} from '../../../src/errors.ts';

const root = new URL('../../../', import.meta.url);

/** The parts of the README that have a table each: all errors, and the 503s of the proxy. */
function documents(): string[] {
  return readFileSync(new URL('src/errors/README.md', root), 'utf8').split('## The 503s of the proxy');
}

/** The rows of the table in the README, as texts. */
function documented(): string[][] {
  return (documents()[0] ?? '')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
}

/** The text of all sources but the table itself. */
function sources(): string {
  const texts = ['src', 'plugins'].flatMap((folder) =>
    readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
      .map((file) => join(folder, file))
      .filter((file) => file.endsWith('.ts') && file !== join('src', 'errors', 'error-codes.ts'))
      .map((file) => readFileSync(new URL(file, root), 'utf8')),
  );
  return texts.join('\n');
}

describe('the table of errors', () => {
  it('is the same in the README that operators read', () => {
    expect(documented()).toEqual(
      ERROR_CODES.map((code) => {
        const { origin, status, retryable, meaning } = ERRORS[code];
        return [`\`${code}\``, origin, String(status || ''), retryable ? 'yes' : '', meaning];
      }),
    );
  });

  it('says of each 503 that a client can get what an operator should look at', () => {
    const rows = [...(documents()[1] ?? '').matchAll(/^\| (`.*?`) +\|/gm)];
    const codes = rows.flatMap(([, cell = '']) => [...cell.matchAll(/`(\w+)`/g)].map(([, code]) => code));
    // Those of workers are answers of the admin server.
    const expected = ERROR_CODES.filter((code) => ERRORS[code].status === 503 && !code.startsWith('worker_'));
    expect(codes.sort()).toEqual([...expected].sort());
  });

  it('holds no code that nothing uses', () => {
    const text = sources();
    expect(ERROR_CODES.filter((code) => !text.includes(`'${code}'`))).toEqual([]);
  });

  it('has a status that a client can get, or none', () => {
    for (const code of ERROR_CODES) {
      const { status } = ERRORS[code];
      expect(status === 0 || (status >= 400 && status < 600), code).toBe(true);
    }
  });

  it('lets only errors of backends be tried again', () => {
    const kinds: Readonly<Record<string, ErrorKind>> = ERRORS;
    const retryable = Object.values(kinds).filter((kind) => kind.retryable);
    expect(new Set(retryable.map(({ origin }) => origin))).toEqual(new Set(['upstream']));
  });
});

describe('BalanceError', () => {
  it('takes origin, status and retryability from the table', () => {
    for (const code of ERROR_CODES) {
      const { origin, status, retryable } = ERRORS[code];
      expect(new BalanceError(code, 'message')).toMatchObject({
        code,
        origin,
        status,
        retryable,
        message: 'message',
      });
    }
  });

  it('differs from the table where it says so', () => {
    const cause = new Error('connect ETIMEDOUT');
    const error = new BalanceError('connect_failed', 'message', { status: 504, origin: 'internal', cause });
    expect(error).toMatchObject({ status: 504, origin: 'internal', retryable: true, cause });
  });

  it('takes a code that a plugin invented for an internal error', () => {
    expect(new BalanceError('mine' as ErrorCode, 'message')).toMatchObject({
      code: 'mine',
      origin: 'internal',
      status: 500,
      retryable: false,
    });
  });
});

describe('isClientFault', () => {
  it('holds for what clients do wrong or break off', () => {
    expect(ERROR_CODES.filter(isClientFault)).toEqual([
      'bad_request',
      'head_too_large',
      'handshake_timeout',
      'proxy_header',
      'tls_handshake',
      'head_timeout',
      'body_timeout',
      'body_too_slow',
      'body_too_large',
      'reader_too_slow',
      'client_abort',
      'misdirected',
    ]);
  });

  it('does not hold for a code that a plugin invented', () => {
    expect(isClientFault('mine' as ErrorCode)).toBe(false);
  });
});
