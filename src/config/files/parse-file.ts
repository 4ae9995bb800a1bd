import { inspectNodes } from '../document/inspect-nodes.ts';
import { parseSource } from '../document/parse-source.ts';
import type { Path, Position, Problem } from '../problems/problem.ts';
import { formatPath } from '../problems/problem.ts';
import { SourceDocument } from '../document/source-document.ts';
import type { Environment } from '../document/substitute-env.ts';
import { substituteEnv } from '../document/substitute-env.ts';
import type { ParsedFile } from './merged-source.ts';

export interface FileText {
  /** The file's name, as messages show it. */
  readonly file: string;
  readonly text: string;
  /** Whether it may hold nothing but comments. */
  readonly mayBeEmpty: boolean;
}

/**
 * Parses one file of a config as YAML and fills in environment variables. Gives undefined when the file is empty or broken; what is
 * wrong with it is reported.
 */
export function parseFile(
  { file, text, mayBeEmpty }: FileText,
  env: Environment,
  report: (problem: Problem) => void,
): ParsedFile | undefined {
  const problem = (position: Position, path: Path, message: string): void =>
    report({ file, ...position, path: formatPath(path), message });
  const { document, lines, faults, empty } = parseSource(text);
  for (const { offset, message } of faults) {
    const { line, col } = lines.linePos(offset);
    // The counter knows a line only after a line break, so it may not know the first one.
    problem({ line: Math.max(1, line), column: Math.max(1, col) }, [], message);
  }
  if (faults.length > 0) return undefined;
  if (empty) {
    // A file without even a comment is more likely one that somebody is about to write.
    if (!mayBeEmpty || text.trim() === '') problem({ line: 1, column: 1 }, [], 'is empty');
    return undefined;
  }
  const positions = new SourceDocument({ document, lines, targets: new Map(), substituted: new Set() });
  const inspected = inspectNodes(document, (node) => positions.positionOf(node).line);
  for (const { node, path, message } of inspected.faults) {
    problem(positions.positionOf(node), path, message);
  }
  if (inspected.faults.length > 0) return undefined;
  const { substituted, readings, faults: missing } = substituteEnv(document, env);
  const source = new SourceDocument({ document, lines, targets: inspected.targets, substituted });
  for (const { path, message } of missing) problem(source.locate(path), path, message);
  return { file, source, value: source.toValue(), readings, missing };
}
