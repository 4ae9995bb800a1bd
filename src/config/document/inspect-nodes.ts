import type { Alias, Document, Node, YAMLMap } from 'yaml';
import { isAlias, isCollection, isMap, isPair, isScalar, isSeq } from 'yaml';
import type { Path } from '../problems/problem.ts';

/** The limit for a document with all aliases written out; far above any real file. */
const MAX_EXPANDED_NODES = 500_000;

export interface NodeFault {
  readonly path: Path;
  /** The node whose position is shown. */
  readonly node: Node;
  readonly message: string;
}

export interface InspectedNodes {
  /** What each alias stands for. */
  readonly targets: ReadonlyMap<Alias, Node>;
  /** Empty when the document may be turned into plain values. */
  readonly faults: readonly NodeFault[];
}

/**
 * Looks for mistakes that the YAML parser lets through: keys that are given twice, keys that are no text, aliases without an anchor,
 * aliases inside of what they stand for, and a few lines that stand for millions of values.
 */
export function inspectNodes(document: Document.Parsed, lineOf: (node: Node) => number): InspectedNodes {
  const inspection = new Inspection(lineOf);
  if (document.contents !== null) inspection.visit(document.contents, []);
  return inspection;
}

class Inspection implements InspectedNodes {
  readonly targets = new Map<Alias, Node>();
  readonly faults: NodeFault[] = [];
  readonly #lineOf: (node: Node) => number;
  readonly #anchors = new Map<string, Node>();
  /** Sizes of finished nodes with all aliases written out. A node that is missing here is still being visited. */
  readonly #sizes = new Map<Node, number>();
  #tooLarge = false;

  constructor(lineOf: (node: Node) => number) {
    this.#lineOf = lineOf;
  }

  /** The number of nodes that `node` stands for when its aliases are written out. */
  visit(node: Node, path: Path): number {
    if (isAlias(node)) return this.#visitAlias(node, path);
    if ((isScalar(node) || isCollection(node)) && node.anchor !== undefined) {
      this.#anchors.set(node.anchor, node);
    }
    let size = 1;
    if (isMap(node)) size += this.#visitMap(node, path);
    if (isSeq(node)) {
      for (const [index, item] of node.items.entries()) {
        size += isPair(item) ? 1 : this.visit(item as Node, [...path, index]);
      }
    }
    this.#sizes.set(node, size);
    if (size > MAX_EXPANDED_NODES && !this.#tooLarge) {
      this.#tooLarge = true;
      this.#fault(path, node, `stands for more than ${MAX_EXPANDED_NODES} values through its aliases`);
    }
    return size;
  }

  #visitAlias(alias: Alias, path: Path): number {
    const target = this.#anchors.get(alias.source);
    if (target === undefined) {
      this.#fault(
        path,
        alias,
        `stands for the anchor &${alias.source}, which is not set before it; a text that begins with * needs quotes`,
      );
      return 1;
    }
    const size = this.#sizes.get(target);
    if (size === undefined) {
      this.#fault(path, alias, `stands for the anchor &${alias.source}, which it is a part of`);
      return 1;
    }
    this.targets.set(alias, target);
    return size;
  }

  #visitMap(map: YAMLMap, path: Path): number {
    const seen = new Map<string, Node>();
    let size = 0;
    for (const pair of map.items) {
      const key = this.#checkKey(pair.key, path, seen) ?? '';
      if (pair.value !== null && pair.value !== undefined) {
        size += this.visit(pair.value as Node, [...path, key]);
      }
      if (isMergeKey(pair.key) && !this.#canMerge(pair.value)) {
        this.#fault(
          [...path, key],
          pair.key as Node,
          'must be a mapping, an alias of one, or a list of these',
        );
      }
    }
    return size;
  }

  #canMerge(value: unknown): boolean {
    const source = this.#target(value);
    if (!isSeq(source)) return isMap(source);
    return source.items.every((item) => isMap(this.#target(item)));
  }

  #target(value: unknown): unknown {
    return isAlias(value) ? this.targets.get(value) : value;
  }

  #checkKey(key: unknown, path: Path, seen: Map<string, Node>): string | undefined {
    const text = keyText(key);
    if (text === undefined) {
      this.#fault(path, key as Node, 'must have keys that are plain text');
      return undefined;
    }
    const node = key as Node;
    const first = seen.get(text);
    if (first !== undefined) {
      this.#fault([...path, text], node, `is given twice, first in line ${this.#lineOf(first)}`);
    } else if (text === '__proto__') {
      this.#fault([...path, text], node, 'can not be used as a key');
    }
    seen.set(text, node);
    return text;
  }

  #fault(path: Path, node: Node, message: string): void {
    this.faults.push({ path, node, message });
  }
}

/** Whether a key is `<<` without quotes: the parser gives that key a symbol as its value. */
function isMergeKey(key: unknown): boolean {
  return isScalar(key) && typeof key.value === 'symbol';
}

/** The text of a mapping's key; undefined when it is a list, a mapping, an alias or nothing. */
export function keyText(key: unknown): string | undefined {
  if (!isScalar(key) || key.value === null) return undefined;
  return typeof key.value === 'string' ? key.value : key.source;
}
