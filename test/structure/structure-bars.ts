import type { Structure } from './measure-structure.ts';

export const LONGEST_FILE_LINES = 350;
export const LONGEST_FUNCTION_LINES = 60;
export const MEDIAN_FILE_LINES = { least: 60, most: 200 };
export const MOST_FILES_IN_A_FOLDER = 14;

/** What a structure misses, one text for each; empty when all holds. */
export function missedBars(structure: Structure): string[] {
  const { medianFileLines } = structure;
  return [
    ...structure.fileCycles.map((cycle) => `cycle of files: ${cycleText(cycle)}`),
    ...structure.folderCycles.map((cycle) => `cycle of folders: ${cycleText(cycle)}`),
    ...structure.longestFiles
      .filter(({ lines }) => lines > LONGEST_FILE_LINES)
      .map(({ path, lines }) => `${path} has ${lines} lines, more than ${LONGEST_FILE_LINES}`),
    ...structure.longestFunctions
      .filter(({ lines }) => lines > LONGEST_FUNCTION_LINES)
      .map(({ place, lines }) => `${place} has ${lines} lines, more than ${LONGEST_FUNCTION_LINES}`),
    ...structure.folders
      .filter(({ files }) => files > MOST_FILES_IN_A_FOLDER)
      .map(({ path, files }) => `${path} holds ${files} files, more than ${MOST_FILES_IN_A_FOLDER}`),
    ...(medianFileLines < MEDIAN_FILE_LINES.least || medianFileLines > MEDIAN_FILE_LINES.most
      ? [
          `the median file has ${medianFileLines} lines, not ${MEDIAN_FILE_LINES.least} to ${MEDIAN_FILE_LINES.most}`,
        ]
      : []),
  ];
}

export function cycleText(cycle: readonly string[]): string {
  return [...cycle, cycle[0] ?? ''].join(' → ');
}
