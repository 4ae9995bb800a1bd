import type { UnusedName } from './find-unused.ts';
import type { Structure } from './measure-structure.ts';
import { LONGEST_FILE_LINES, LONGEST_FUNCTION_LINES } from './structure-bars.ts';

/** How many of the longest files and functions are shown. */
const SHOWN = 5;

/** A structure as Markdown: the sums, the longest, each folder, each border between folders, and what is missed. */
export function structureReport(
  structure: Structure,
  unused: readonly UnusedName[],
  missed: readonly string[],
): string {
  const over = (items: readonly { readonly lines: number }[], limit: number): number =>
    items.filter(({ lines }) => lines > limit).length;
  const { longestFiles, longestFunctions } = structure;
  return (
    [
      '# Structure of src and plugins',
      ...table(
        ['what', 'number'],
        [
          ['files', structure.files],
          ['lines', structure.lines],
          ['imports between files', structure.imports],
          ['folders', structure.folders.length],
          ['borders between folders that imports cross', structure.borders.length],
          ['imports across them', structure.borders.reduce((sum, { imports }) => sum + imports, 0)],
          ['most files in a folder', Math.max(...structure.folders.map(({ files }) => files))],
          ['cycles of files, imports of types included', structure.fileCycles.length],
          ['cycles of folders', structure.folderCycles.length],
          ['lines of the median file', structure.medianFileLines],
          ['lines of the longest file', longestFiles[0]?.lines ?? 0],
          [`files over ${LONGEST_FILE_LINES} lines`, over(longestFiles, LONGEST_FILE_LINES)],
          ['lines of the longest function', longestFunctions[0]?.lines ?? 0],
          [`functions over ${LONGEST_FUNCTION_LINES} lines`, over(longestFunctions, LONGEST_FUNCTION_LINES)],
        ],
      ),
      '## The longest',
      ...table(
        ['file or function', 'lines'],
        [
          ...longestFiles.slice(0, SHOWN).map(({ path, lines }) => [path, lines]),
          ...longestFunctions.slice(0, SHOWN).map(({ place, lines }) => [place, lines]),
        ],
      ),
      '## Folders',
      ...table(
        ['folder', 'files', 'imports inside', 'outgoing', 'incoming'],
        structure.folders.map(({ path, files, inner, outgoing, incoming }) => [
          path,
          files,
          inner,
          outgoing,
          incoming,
        ]),
      ),
      '## Imports between folders',
      ...table(
        ['from', 'to', 'imports'],
        structure.borders.map(({ from, to, imports }) => [from, to, imports]),
      ),
      '## Names that the product declares and does not use',
      ...table(
        ['file', 'name', 'in tests'],
        unused.map(({ path, name, inTests }) => [path, name, inTests ? 'yes' : 'no']),
      ),
      ...(missed.length === 0
        ? ['Nothing is missed.']
        : ['## Missed', missed.map((text) => `- ${text}`).join('\n')]),
      '',
    ]
      .join('\n\n')
      .trimEnd() + '\n'
  );
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string[] {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  return [[line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')];
}
