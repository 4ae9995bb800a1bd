import { readFile, readdir } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../../src/config/load/config-error.ts';
import { loadConfigText } from '../../../support/labs/load-config.ts';

const directory = new URL('../../../../config/', import.meta.url);
const names = (await readdir(directory)).filter((name) => name.endsWith('.yaml'));
const examples = await Promise.all(names.map((name) => readFile(new URL(name, directory), 'utf8')));

/** What an edit leaves behind: pieces of examples, cut, doubled and with something else in between. */
const edited = fc
  .record({
    example: fc.constantFrom(...examples),
    cuts: fc.array(fc.nat(), { minLength: 1, maxLength: 4 }),
    typed: fc.constantFrom(
      '',
      ' ',
      '\n',
      '  ',
      '- ',
      ': ',
      '"',
      '*a',
      '&a ',
      '[',
      '}',
      '<<: ',
      'null',
      '0',
      '${env:',
      '!x ',
    ),
  })
  .map(({ example, cuts, typed }) => {
    let text = example;
    for (const cut of cuts) {
      const at = cut % (text.length + 1);
      const length = (cut >> 8) % 12;
      text = text.slice(0, at) + typed + text.slice(at + length);
    }
    return text;
  });

describe('whatever is in the file', () => {
  it('loads or gives a ConfigError whose problems are in the file', () => {
    fc.assert(
      fc.property(fc.oneof(edited, fc.string()), (text) => {
        try {
          loadConfigText(text, 'x.yaml', { modes: ['http', 'tcp'] });
        } catch (thrown) {
          if (!(thrown instanceof ConfigError)) throw thrown;
          expect(thrown.problems.length).toBeGreaterThan(0);
          const lines = text.split('\n').length;
          for (const { line, column } of thrown.problems) {
            expect(line).toBeGreaterThan(0);
            expect(line).toBeLessThanOrEqual(lines);
            expect(column).toBeGreaterThan(0);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
