import { KINDS } from './compare.ts';
import type { Comparison } from './differential-run.ts';
import { shown } from './message.ts';

/** Longest text of a cell. */
const CELL_LENGTH = 240;

/** Cases counted by family and outcome. */
export function countsTable(comparisons: readonly Comparison[]): string {
  const families = [...new Set(comparisons.map(({ family }) => family))];
  const row = (name: string, of: readonly Comparison[]): string[] => [
    name,
    String(of.length),
    ...KINDS.map((kind) => String(of.filter((one) => one.kind === kind).length)),
  ];
  const rows = families.map((family) =>
    row(
      family,
      comparisons.filter((one) => one.family === family),
    ),
  );
  return table(['family', 'cases', ...KINDS], [...rows, row('all', comparisons)], 1);
}

/** All findings, by proxy and rule, with an example of each. */
export function findingsTable(comparisons: readonly Comparison[]): string {
  const groups = new Map<string, { cells: string[]; cases: Set<number>; example: string }>();
  for (const { proxies, index, what, sent } of comparisons) {
    for (const { proxy, findings } of proxies) {
      for (const { level, rule } of findings) {
        const key = `${level} ${proxy} ${rule}`;
        const group = groups.get(key) ?? { cells: [proxy, level, rule], cases: new Set(), example: '' };
        if (group.example === '') group.example = `#${String(index)} ${what}: ${shown(sent, CELL_LENGTH)}`;
        group.cases.add(index);
        groups.set(key, group);
      }
    }
  }
  if (groups.size === 0) return 'Nothing.';
  const rows = [...groups.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { cells, cases, example }]) => [...cells, String(cases.size), code(example)]);
  return table(['proxy', 'level', 'rule', 'cases', 'example'], rows, 4);
}

/** Each way in which the proxies disagree, with an example. */
export function disagreementsTable(comparisons: readonly Comparison[]): string {
  const groups = new Map<string, Comparison[]>();
  for (const one of comparisons) {
    if (one.kind === 'all accept' || one.kind === 'all refuse') continue;
    const key = [one.kind, one.family, one.signature].join('\n');
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  const rows = [...groups.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, ones]) => [...key.split('\n'), String(ones.length), code(exampleOf(ones))]);
  if (rows.length === 0) return 'None.';
  return table(['kind', 'family', 'outcomes', 'cases', 'example'], rows, 4);
}

/** Number of cases with something dangerous in that proxy. */
export function dangerousCount(comparisons: readonly Comparison[], proxy: string): number {
  return comparisons.filter(({ proxies }) =>
    proxies.some((one) => one.proxy === proxy && one.findings.some(({ level }) => level === 'dangerous')),
  ).length;
}

/** All there is to know of one case. */
export function caseText({ index, family, what, sent, proxies, kind }: Comparison): string {
  const lines = [
    `### #${String(index)} ${family}: ${what} – ${kind}`,
    '',
    `sent: ${code(shown(sent, 4_000))}`,
    '',
  ];
  for (const { proxy, observation, findings } of proxies) {
    lines.push(`- ${proxy}, client ${observation.ending}: ${code(shown(observation.bytes, 2_000))}`);
    for (const { bytes, closed } of observation.forwarded) {
      lines.push(`  - forwarded${closed ? ', closed' : ''}: ${code(shown(bytes, 4_000))}`);
    }
    for (const { level, rule } of findings) lines.push(`  - ${level}: ${rule}`);
  }
  return lines.join('\n');
}

function exampleOf(ones: readonly Comparison[]): string {
  const [first] = ones;
  return first === undefined
    ? ''
    : `#${String(first.index)} ${first.what}: ${shown(first.sent, CELL_LENGTH)}`;
}

function code(text: string): string {
  return `\`${text.replaceAll('`', "'").replaceAll('|', '¦')}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[], firstNumber: number): string {
  const rule = head.map((_, at) => (at >= firstNumber && at !== head.indexOf('example') ? '---:' : '---'));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
