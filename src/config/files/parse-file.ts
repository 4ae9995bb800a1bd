import { inspectNodes } from '../document/inspect-nodes.ts';
import { parseSource } from '../document/parse-source.ts';
import type { Path, Position, Problem } from '../problems/problem.ts';
import { formatPath } from '../problems/problem.ts';
import { SourceDocument } from '../document/source-document.ts';
import type { Environment } from '../document/substitute-env.ts';
import { substituteEnv } from '../document/substitute-env.ts';
import type { ParsedFile } from './merged-source.ts';

export interface FileText {
  /** As messages name it. */
  readonly file: string;
  readonly text: string;
  /** Whether it may hold nothing but comments. */
  readonly mayBeEmpty: boolean;
}

/**
 * Reads one file of a config as YAML and fills in the environment. Undefined when there is nothing to use: it is empty,
 * or broken, which is reported.
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
    // Without a line break in front of it, the first line may be unknown to the counter.
    problem({ line: Math.max(1, line), column: Math.max(1, col) }, [], message);
  }
  if (faults.length > 0) return undefined;
  if (empty) {
    // Without even a comment it is rather a file that somebody is about to write.
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
