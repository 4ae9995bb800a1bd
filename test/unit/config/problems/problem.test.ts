import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatPath,
  formatProblem,
  parsePath,
  sortProblems,
} from '../../../../src/config/problems/problem.ts';

describe('formatProblem', () => {
  it('puts file, line, column, path and message on one line', () => {
    const problem = { file: 'config/x.yaml', line: 14, column: 7, path: 'backends[1].weight' };
    expect(formatProblem({ ...problem, message: 'must be >= 1' })).toBe(
      'config/x.yaml:14:7 backends[1].weight must be >= 1',
    );
  });

  it('leaves out the place when the whole file is meant', () => {
    const problem = { file: 'x.yaml', line: 0, column: 0, path: '', message: 'does not exist' };
    expect(formatProblem(problem)).toBe('x.yaml does not exist');
  });
});

describe('formatPath', () => {
  it('puts keys that are no plain words in quotes', () => {
    expect(formatPath(['http', 'routes', 0, 'headers', 'a.b c'])).toBe('http.routes[0].headers["a.b c"]');
  });

  it('is read back by parsePath', () => {
    const part = fc.oneof(fc.nat(), fc.string(), fc.constantFrom('backends', 'weight', 'a.b', '[0]', '"'));
    fc.assert(
      fc.property(fc.array(part), (path) => {
        expect(parsePath(formatPath(path))).toEqual(path);
      }),
    );
  });
});

describe('sortProblems', () => {
  it('orders by line and column and leaves out repetitions', () => {
    const at = (line: number, column: number) => ({ file: 'x', line, column, path: 'p', message: 'm' });
    expect(sortProblems([at(3, 1), at(1, 9), at(3, 1), at(1, 2)])).toEqual([at(1, 2), at(1, 9), at(3, 1)]);
  });
});
