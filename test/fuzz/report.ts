import type { Campaign, Failure } from './campaign.ts';
import { CASE_KINDS, type FuzzCase } from './case.ts';

const SHOWN_A_KIND = 3;
const SHOWN_BYTES = 600;

/** The failures, grouped, with the command that repeats them. */
export function failureReport(
  failures: readonly Failure[],
  options: { seed: number; batch: number },
): string {
  const groups = new Map<string, Failure[]>();
  for (const failure of failures) {
    const key = `${failure.fuzzCase?.kind ?? 'run'}: ${failure.why.replaceAll(/~[0-9a-f]{16}~|\d+|".*/g, '#').slice(0, 100)}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [failure]);
    else group.push(failure);
  }
  let text = '';
  for (const [key, group] of groups) {
    text += `\n==== ${group.length} × ${key}\n`;
    for (const failure of group.slice(0, SHOWN_A_KIND)) text += describeFailure(failure, options);
  }
  return text;
}

function describeFailure(
  { fuzzCase, sight, why }: Failure,
  { seed, batch }: { seed: number; batch: number },
): string {
  if (fuzzCase === undefined) return `- ${why}\n`;
  const { index } = fuzzCase;
  const since = (atMs: number): string =>
    atMs === 0 || sight === undefined ? 'never' : `${(atMs - sight.startedAtMs).toFixed(0)} ms`;
  const backend = fuzzCase.requests
    .map(
      (request) =>
        `${request.number} seen ${since(request.seenAtMs)} answered ${since(request.answeredAtMs)} as number ${request.exchanges} on the connection of ${since(request.acceptedAtMs)}`,
    )
    .join(', ');
  const first = Math.floor(index / batch) * batch;
  return (
    `- case ${index} (${fuzzCase.kind}, ${fuzzCase.title}): ${why}\n` +
    `  alone: npm run fuzz -- --seed ${seed} --case ${index} --times 20\n` +
    `  with its neighbours: npm run fuzz -- --seed ${seed} --from ${first} --cases ${index - first + 200}\n` +
    `  at the backend: ${backend}\n` +
    `  received, ending ${sight?.ending ?? 'none'} after ${sight?.durationMs.toFixed(0) ?? '?'} ms: ${escaped(sight?.received ?? '')}\n`
  );
}

/** All that is known of a case before it runs. */
export function describeCase(fuzzCase: FuzzCase): string {
  const lines = [`case ${fuzzCase.index}: ${fuzzCase.kind}, ${fuzzCase.title}`];
  for (const step of fuzzCase.steps) {
    lines.push(`  send after ${step.afterResponses} responses and ${step.pauseMs} ms: ${escaped(step.text)}`);
  }
  lines.push(`  leave: ${JSON.stringify(fuzzCase.leaving)}`);
  for (const { plan, outcome, number } of fuzzCase.requests) {
    const { wire, ...rest } = plan;
    lines.push(`  backend for request ${number}: ${JSON.stringify(rest)} ${escaped(wire)}`);
    lines.push(`  must give: ${JSON.stringify(outcome).slice(0, 300)}`);
  }
  return `${lines.join('\n')}\n`;
}

export function summary(campaign: Campaign, loadMs: number): string {
  const rows = [['what', 'cases', 'requests', 'excused', 'failed']];
  const total = { cases: 0, requests: 0, excused: 0 };
  for (const kind of CASE_KINDS) {
    const { cases, requests, excused } = campaign.tallies.get(kind) ?? { cases: 0, requests: 0, excused: 0 };
    total.cases += cases;
    total.requests += requests;
    total.excused += excused;
    const failed = campaign.failures.filter(({ fuzzCase }) => fuzzCase?.kind === kind).length;
    rows.push([kind, cases, requests, excused, failed].map(String));
  }
  const other = campaign.failures.filter(({ fuzzCase }) => fuzzCase === undefined).length;
  rows.push(
    ['all cases', total.cases, total.requests, total.excused, campaign.failures.length - other].map(String),
  );
  rows.push(['the run itself', '', '', '', String(other)]);
  const seconds = loadMs / 1000;
  const rate =
    seconds > 0
      ? `${(total.cases / seconds).toFixed(0)} cases and ${(campaign.requests / seconds).toFixed(0)} requests at backends a second\n`
      : '';
  const delays = `longest delay of an event loop: the proxy's ${campaign.worstDelayMs.toFixed(0)} ms, the clients' ${campaign.worstStallMs.toFixed(0)} ms\n`;
  return `\n${table(rows)}\n${rate}${delays}${campaign.failures.length === 0 ? 'PASS' : 'FAIL'}\n`;
}

/** Columns side by side, the first one to the left. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
        .join('  '),
    )
    .join('\n');
}

function escaped(text: string): string {
  const shown =
    text.length > SHOWN_BYTES
      ? `${text.slice(0, SHOWN_BYTES / 2)}…(${text.length} bytes)…${text.slice(-SHOWN_BYTES / 2)}`
      : text;
  return JSON.stringify(shown);
}
