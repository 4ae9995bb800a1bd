/** Edges of a directed graph: from each node to those that it needs. */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Finds the cycles of a graph: for each group of nodes that all reach each other, a shortest cycle through each edge of it that
 * no cycle before contains. Every edge that is part of any cycle is thus in one of the answers.
 */
export function findCycles(graph: Graph): string[][] {
  const groups = groupOf(graph);
  const seen = new Set<string>();
  const cycles: string[][] = [];
  for (const [from, targets] of graph) {
    for (const to of targets) {
      if (groups.get(from) !== groups.get(to) || seen.has(`${from} ${to}`)) continue;
      const cycle = [from, ...shortestWay(graph, to, from)];
      for (const [index, node] of cycle.entries()) seen.add(`${node} ${cycle[index + 1] ?? from}`);
      cycles.push(cycle);
    }
  }
  return cycles;
}

/** From one node to another, both included but for the last. */
function shortestWay(graph: Graph, from: string, to: string): string[] {
  const cameFrom = new Map<string, string>();
  const queue = [from];
  for (const node of queue) {
    if (node === to) break;
    for (const next of graph.get(node) ?? []) {
      if (next === from || cameFrom.has(next)) continue;
      cameFrom.set(next, node);
      queue.push(next);
    }
  }
  const way: string[] = [];
  for (let node = cameFrom.get(to); node !== undefined; node = cameFrom.get(node)) way.unshift(node);
  return way;
}

/** The strongly connected component of each node, as a number (Tarjan 1972, "Depth-first search and linear graph algorithms"). */
function groupOf(graph: Graph): Map<string, number> {
  const groups = new Map<string, number>();
  const indices = new Map<string, number>();
  const stack: string[] = [];
  const visit = (node: string): number => {
    const index = indices.size;
    indices.set(node, index);
    stack.push(node);
    let lowest = index;
    for (const next of graph.get(node) ?? []) {
      if (groups.has(next)) continue;
      lowest = Math.min(lowest, indices.get(next) ?? visit(next));
    }
    if (lowest === index) {
      const members = stack.splice(stack.indexOf(node));
      for (const member of members) groups.set(member, index);
    }
    return lowest;
  };
  for (const node of graph.keys()) if (!indices.has(node)) visit(node);
  return groups;
}
