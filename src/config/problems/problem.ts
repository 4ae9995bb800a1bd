/** The path of something in a config: keys of mappings and indexes of lists, from the top. */
export type Path = readonly (string | number)[];

/** A position in a file. Lines and columns are counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One mistake in a config file; as a warning, something that is allowed but probably not meant. */
export interface Problem {
  readonly file: string;
  /** Counted from 1; 0 when the file as a whole is meant. */
  readonly line: number;
  readonly column: number;
  /** `backends[1].weight`, or '' for the whole file. */
  readonly path: string;
  /** What is wrong or what is allowed, worded to follow the path. Holds no value that came from an environment variable. */
  readonly message: string;
}

/** `config/x.yaml:14:7 backends[1].weight must be >= 1` */
export function formatProblem(problem: Problem): string {
  const location = problem.line === 0 ? problem.file : `${problem.file}:${problem.line}:${problem.column}`;
  return [location, problem.path, problem.message].filter((part) => part !== '').join(' ');
}

/**
 * Sorts problems by file, then by line and column; problems of the same position keep their order. The files are in the order of `files`;
 * others follow in the order of their first problems. Repeated problems are left out.
 */
export function sortProblems(
  problems: readonly Problem[],
  files: readonly string[] = [],
): readonly Problem[] {
  const unique = new Map(problems.map((problem) => [formatProblem(problem), problem]));
  const inOrder = new Set([...files, ...problems.map(({ file }) => file)]);
  const rank = new Map([...inOrder].map((file, index) => [file, index]));
  return [...unique.values()].sort(
    (a, b) => (rank.get(a.file) ?? 0) - (rank.get(b.file) ?? 0) || a.line - b.line || a.column - b.column,
  );
}

const PLAIN_KEY = /^[\w$<-]+$/;

/** `backends[1].weight`; keys that are no plain words are put in brackets and quotes: `headers["a.b"]`. */
export function formatPath(path: Path): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (!PLAIN_KEY.test(part)) text += `[${JSON.stringify(part)}]`;
    else text += text === '' ? part : `.${part}`;
  }
  return text;
}

/** Parses a text that {@link formatPath} made. A part that is malformed is taken as a key. */
export function parsePath(text: string): Path {
  const path: (string | number)[] = [];
  for (const match of text.matchAll(/\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|([^.[\]]+)/g)) {
    if (match[1] !== undefined) path.push(Number(match[1]));
    else if (match[2] !== undefined) path.push(JSON.parse(match[2]) as string);
    else if (match[3] !== undefined) path.push(match[3]);
  }
  return path;
}
