import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { DocumentLocations } from '../../../../src/config/document/document-locations.ts';
import { positionIn } from '../../../../src/config/document/document-locations.ts';
import { parseFile } from '../../../../src/config/files/parse-file.ts';
import type { Path } from '../../../../src/config/problems/problem.ts';
import { formatPath } from '../../../../src/config/problems/problem.ts';
import { yaml } from '../problems-of.ts';

const EXAMPLES = new URL('../../../../config/', import.meta.url);

const SHARED = yaml`
  backends: &all
    - &first { name: a, address: 'a:1' }
    - <<: *first
      name: b
    - <<: [{ weight: 2 }, *first]
      address:
        'c:1'
    -
  again: *all
  nested: { list: [[1, [2, *first]], {}], empty: , text: "x" }
  <<: { merged: { deep: 1 } }
`;

function parsed(text: string) {
  const file = parseFile({ file: 'x.yaml', text, mayBeEmpty: false }, {}, () => undefined);
  if (file === undefined) throw new Error('the text can not be used');
  return file;
}

/** Every path of a value, and one below each that is not there. */
function* paths(value: unknown, at: Path = []): Iterable<Path> {
  yield at;
  yield [...at, 'none'];
  if (typeof value !== 'object' || value === null) return;
  const entries = Array.isArray(value) ? value.entries() : Object.entries(value);
  for (const [key, inner] of entries as Iterable<[string | number, unknown]>)
    yield* paths(inner, [...at, key]);
}

describe('the locations of a document, handed to another thread', () => {
  const examples = readdirSync(EXAMPLES).filter((name) => name.endsWith('.yaml'));
  const texts = examples.map((name): [string, string] => [
    name,
    readFileSync(new URL(name, EXAMPLES), 'utf8'),
  ]);

  it.each([['a document with anchors and merges', SHARED], ...texts])(
    'of %s are where they stand',
    (_name, text) => {
      const { source, value } = parsed(text);
      const locations = JSON.parse(JSON.stringify(source.locations())) as DocumentLocations;
      const all = [...paths(value)];
      const found = all.map((path) => [formatPath(path), positionIn(locations, path)]);
      expect(found).toEqual(all.map((path) => [formatPath(path), source.locate(path)]));
      expect(all.length).toBeGreaterThan(10);
    },
  );

  it('are no more than the document has, however often its aliases are used', () => {
    const lines = ['a0: &a0 [1, 2, 3]'];
    for (let n = 1; n <= 5; n += 1)
      lines.push(
        `a${n}: &a${n} [${Array(9)
          .fill(`*a${n - 1}`)
          .join(', ')}]`,
      );
    const { nodes } = parsed(`${lines.join('\n')}\n`).source.locations();
    expect(nodes).toHaveLength(7);
  });
});
