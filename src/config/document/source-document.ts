import type { Document, LineCounter, Node, Pair } from 'yaml';
import { isAlias, isMap, isNode, isScalar, isSeq } from 'yaml';
import type { DocumentLocations, InnerLocations, NodeLocation } from './document-locations.ts';
import { keyText } from './inspect-nodes.ts';
import type { InspectedNodes } from './inspect-nodes.ts';
import type { Path, Position } from '../problems/problem.ts';

export interface SourceParts {
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
  readonly targets: InspectedNodes['targets'];
  readonly substituted: ReadonlySet<Node>;
}

interface Entry {
  /** The key of this entry; undefined in a list. */
  readonly key: Node | undefined;
  readonly node: Node | undefined;
}

/** A checked YAML document that knows the line and column of each of its values. */
export class SourceDocument {
  readonly #parts: SourceParts;

  constructor(parts: SourceParts) {
    this.#parts = parts;
  }

  /** The document as plain values. */
  toValue(): unknown {
    // `inspectNodes` has limited what aliases may stand for.
    return this.#parts.document.toJS({ maxAliasCount: -1 }) as unknown;
  }

  /**
   * The position of a path, or of its nearest parent when the file does not have the path. A scalar has its own position; a list or
   * mapping has that of its key, because its content may start lines later.
   */
  locate(path: Path, at: 'key' | 'value' = 'value'): Position {
    return this.#positionOf(this.#find(path, false), at);
  }

  /** The result of {@link locate} for every path of the file, as plain data. */
  locations(): DocumentLocations {
    const ids = new Map<Node, number>();
    const nodes: InnerLocations[] = [];
    const visit = (entry: Entry): NodeLocation => {
      const { line, column } = this.#positionOf(entry, 'value');
      const node = this.#target(entry.node);
      if (!isSeq(node) && !isMap(node)) {
        const variable = this.#variableOf(node);
        return variable === undefined ? [line, column] : [line, column, null, variable];
      }
      // An alias comes after its anchor, so this recursion is no deeper than the file.
      const known = ids.get(node);
      if (known !== undefined) return [line, column, known];
      const id = nodes.length;
      ids.set(node, id);
      nodes.push([]);
      const inside = [...this.#entries(node)].map(([key, inner]) => [key, visit(inner)] as const);
      nodes[id] = isSeq(node) ? inside.map(([, inner]) => inner) : Object.fromEntries(inside);
      return [line, column, id];
    };
    return { root: visit({ key: undefined, node: this.#parts.document.contents ?? undefined }), nodes };
  }

  positionOf(node: Node | undefined): Position {
    const offset = node?.range?.[0] ?? 0;
    const { line, col } = this.#parts.lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }

  /** Whether the file itself has a value at that path. */
  has(path: Path): boolean {
    return this.#find(path, true).node !== undefined;
  }

  /** The value in quotes, for messages. For a value from the environment it is what the file has, such as `${env:NAME}`, because the value may be secret. */
  shown(path: Path, value: string): string {
    return JSON.stringify(this.#variableOf(this.#target(this.#find(path, true).node)) ?? value);
  }

  /** The file's text for a value that came from the environment; undefined for any other value. */
  #variableOf(node: Node | undefined): string | undefined {
    if (node === undefined || !this.#parts.substituted.has(node)) return undefined;
    return isScalar(node) ? (node.source ?? '') : '';
  }

  #positionOf({ key, node }: Entry, at: 'key' | 'value'): Position {
    const pointable = isScalar(node) && node.value !== null;
    return this.positionOf(at === 'key' || !pointable ? (key ?? node) : node);
  }

  /** All entries of a list or mapping, with those that `<<` merges into it. */
  #entries(node: Node): Map<string, Entry> {
    const entries = new Map<string, Entry>();
    if (isSeq(node)) {
      for (const [index, item] of node.items.entries()) {
        entries.set(String(index), { key: undefined, node: isNode(item) ? item : undefined });
      }
    }
    if (!isMap(node)) return entries;
    for (const { key, value } of node.items) {
      const text = keyText(key);
      if (text !== undefined)
        entries.set(text, { key: key as Node, node: isNode(value) ? value : undefined });
    }
    for (const pair of node.items) {
      for (const source of this.#mergedInto(pair)) {
        for (const [key, entry] of this.#entries(source)) if (!entries.has(key)) entries.set(key, entry);
      }
    }
    return entries;
  }

  #find(path: Path, exact: boolean): Entry {
    let entry: Entry = { key: undefined, node: this.#parts.document.contents ?? undefined };
    for (const part of path) {
      const next = this.#step(entry.node, part);
      if (next === undefined) return exact ? { key: undefined, node: undefined } : entry;
      entry = next;
    }
    return entry;
  }

  #step(from: Node | undefined, part: string | number): Entry | undefined {
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

  /** Finds the key in the mappings that `<<` merges into this one. */
  #stepMerged(pairs: readonly Pair[], part: string | number): Entry | undefined {
    for (const pair of pairs) {
      for (const source of this.#mergedInto(pair)) {
        const entry = this.#step(source, part);
        if (entry !== undefined) return entry;
      }
    }
    return undefined;
  }

  /** The mappings that `<<` merges in; none when the key is another one. */
  #mergedInto({ key, value }: Pair): Node[] {
    if (keyText(key) !== '<<' || !isNode(value)) return [];
    const merged = this.#target(value);
    const sources = isSeq(merged) ? merged.items.filter(isNode) : merged === undefined ? [] : [merged];
    return sources.flatMap((source) => this.#target(source) ?? []);
  }

  #target(node: Node | undefined): Node | undefined {
    return isAlias(node) ? this.#parts.targets.get(node) : node;
  }
}
