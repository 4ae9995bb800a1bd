import type { Document, Node, Scalar } from 'yaml';
import { isMap, isScalar, isSeq } from 'yaml';
import { keyText } from './inspect-nodes.ts';
import type { Path } from '../problems/problem.ts';

const SUBSTITUTION = /\$\{env:([^}]*)(\}?)/g;
const NAME_AND_DEFAULT = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;

export type Environment = Readonly<Record<string, string | undefined>>;

export interface EnvFault {
  readonly path: Path;
  readonly message: string;
}

/** A value that consists of one variable and nothing else: its text, and what YAML makes of that text without quotes. */
export interface EnvReading {
  readonly path: Path;
  readonly text: string;
  readonly plain: unknown;
}

export interface Substitution {
  /** The scalars whose values came from the environment. Messages never show these values. */
  readonly substituted: ReadonlySet<Node>;
  readonly readings: readonly EnvReading[];
  readonly faults: readonly EnvFault[];
}

/**
 * Puts environment variables into the values of a document, in place: `${env:NAME}`, or `${env:NAME:-default}`, whose default counts when
 * the variable is unset or empty. A scalar without quotes that is one variable and nothing else is then read as YAML reads a scalar, so
 * that a number becomes a number; it never becomes a list or a mapping. {@link EnvReading} keeps both readings, because the schema may want
 * the other one.
 */
export function substituteEnv(document: Document.Parsed, env: Environment): Substitution {
  const substituted = new Set<Node>();
  const faults: EnvFault[] = [];
  const readings: EnvReading[] = [];
  forEachScalar(document.contents, [], (scalar, path) => {
    if (typeof scalar.value !== 'string' || !scalar.value.includes('${env:')) return;
    substituted.add(scalar);
    const { text, whole, messages } = expand(scalar.value, env);
    for (const message of messages) faults.push({ path, message });
    if (messages.length > 0) return;
    scalar.value = text;
    if (!whole || scalar.tag !== undefined || text === '') return;
    const plain = plainValue(text, document);
    if (plain !== text) readings.push({ path, text, plain });
    if (scalar.type === 'PLAIN') scalar.value = plain;
  });
  return { substituted, readings, faults };
}

function forEachScalar(node: unknown, path: Path, visit: (scalar: Scalar, path: Path) => void): void {
  if (isScalar(node)) visit(node, path);
  else if (isSeq(node)) {
    for (const [index, item] of node.items.entries()) forEachScalar(item, [...path, index], visit);
  } else if (isMap(node)) {
    for (const pair of node.items) forEachScalar(pair.value, [...path, keyText(pair.key) ?? ''], visit);
  }
}

function expand(source: string, env: Environment): { text: string; whole: boolean; messages: string[] } {
  const messages: string[] = [];
  let whole = false;
  const text = source.replaceAll(SUBSTITUTION, (match, inner: string, close: string) => {
    whole = match === source;
    const parts = close === '' ? null : NAME_AND_DEFAULT.exec(inner);
    if (parts === null) {
      messages.push('must have the form ${env:NAME} or ${env:NAME:-default}');
      return match;
    }
    const [, name = '', byDefault] = parts;
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    if (byDefault !== undefined) return value || byDefault;
    if (value === undefined) {
      messages.push(
        `needs the environment variable ${name}, which is not set; \${env:${name}:-default} gives a default`,
      );
    }
    return value ?? match;
  });
  return { text, whole, messages };
}

/** What the core schema makes of a plain scalar. */
function plainValue(text: string, document: Document.Parsed): unknown {
  for (const tag of document.schema.tags) {
    if (tag.collection !== undefined || tag.default !== true || tag.test?.test(text) !== true) continue;
    const value = tag.resolve(text, () => undefined, document.options);
    return isScalar(value) ? value.value : value;
  }
  return text;
}
