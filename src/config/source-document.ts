import type { Document, LineCounter, Node, Pair } from 'yaml';
import { isAlias, isMap, isNode, isScalar, isSeq } from 'yaml';
import { keyText } from './inspect-nodes.ts';
import type { InspectedNodes } from './inspect-nodes.ts';
import type { Path, Position } from './problem.ts';

export interface SourceParts {
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
  readonly targets: InspectedNodes['targets'];
  readonly substituted: ReadonlySet<Node>;
}

interface Place {
  /** The key that leads here, absent in lists. */
  readonly key: Node | undefined;
  readonly node: Node | undefined;
}

/** A checked YAML document that knows where each of its values stands. */
export class SourceDocument {
  readonly #parts: SourceParts;

  constructor(parts: SourceParts) {
    this.#parts = parts;
  }

  /** The document as plain values. */
  toValue(): unknown {
    // Aliases were counted and bounded before.
    return this.#parts.document.toJS({ maxAliasCount: -1 }) as unknown;
  }

  /**
   * Where a path stands; of its nearest parent where the file does not have it. A scalar is pointed at
   * directly, a list or mapping at its key, as its content may start lines later.
   */
  locate(path: Path, at: 'key' | 'value' = 'value'): Position {
    const { key, node } = this.#find(path, false);
    const pointable = isScalar(node) && node.value !== null;
    const target = at === 'key' || !pointable ? (key ?? node) : node;
    return this.positionOf(target);
  }

  positionOf(node: Node | undefined): Position {
    const offset = node?.range?.[0] ?? 0;
    const { line, col } = this.#parts.lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }

  /** Whether the file itself has a value there. */
  has(path: Path): boolean {
    return this.#find(path, true).node !== undefined;
  }

  /** Text for messages: a value in quotes, or what the file says where the value came from the environment. */
  shown(path: Path, value: string): string {
    const node = this.#target(this.#find(path, true).node);
    if (node === undefined || !this.#parts.substituted.has(node)) return JSON.stringify(value);
    return isScalar(node) ? JSON.stringify(node.source ?? '') : '""';
  }

  #find(path: Path, exact: boolean): Place {
    let place: Place = { key: undefined, node: this.#parts.document.contents ?? undefined };
    for (const part of path) {
      const next = this.#step(place.node, part);
      if (next === undefined) return exact ? { key: undefined, node: undefined } : place;
      place = next;
    }
    return place;
  }

  #step(from: Node | undefined, part: string | number): Place | undefined {
    const node = this.#target(from);
    if (isSeq(node)) {
      const item = typeof part === 'number' ? node.items[part] : undefined;
      return isNode(item) ? { key: undefined, node: item } : undefined;
    }
    if (!isMap(node)) return undefined;
    for (const pair of node.items) {
      if (keyText(pair.key) !== String(part)) continue;
      return { key: pair.key as Node, node: isNode(pair.value) ? pair.value : undefined };
    }
    return this.#stepMerged(node.items, part);
  }

  /** Looks into what `<<` merges into a mapping. */
  #stepMerged(pairs: readonly Pair[], part: string | number): Place | undefined {
    for (const pair of pairs) {
      if (keyText(pair.key) !== '<<' || !isNode(pair.value)) continue;
      const merged = this.#target(pair.value);
      for (const source of isSeq(merged) ? merged.items : [merged]) {
        const place = isNode(source) ? this.#step(source, part) : undefined;
        if (place !== undefined) return place;
      }
    }
    return undefined;
  }

  #target(node: Node | undefined): Node | undefined {
    return isAlias(node) ? this.#parts.targets.get(node) : node;
  }
}
