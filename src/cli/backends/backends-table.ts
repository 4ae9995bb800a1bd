import type { AnsweredBackend, AnsweredMember, BackendsAnswer } from './backends-answer.ts';

const HEAD = ['UPSTREAM', 'BACKEND', 'ADDRESS', 'STATE', 'WEIGHT', 'ACTIVE', 'SINCE', 'REASON'];

/** A table with a line for each backend of each upstream, and a line break at its end. */
export function backendsTable({ backends }: BackendsAnswer): string {
  const rows = backends.flatMap((backend) => backend.upstreams.map((member) => rowOf(backend, member)));
  if (rows.length === 0) return 'no backends\n';
  const all = [HEAD, ...rows];
  const widths = HEAD.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all
    .map(
      (row) =>
        `${row
          .map((text, column) => text.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

function rowOf(backend: AnsweredBackend, member: AnsweredMember): string[] {
  return [
    member.name,
    backend.name,
    backend.address,
    stateOf(member),
    weightOf(member),
    String(backend.active),
    member.since ?? '-',
    printable(member.reason ?? ''),
  ];
}

/** A backend that gets a growing part of its requests is up, and not yet as it was. */
function stateOf({ state, circuit_breaker: breaker }: AnsweredMember): string {
  const isUp = state === 'healthy' || state === 'unknown';
  return isUp && breaker?.state === 'recovering' ? 'recovering' : state;
}

/** Its weight, and how much of it counts at the moment. */
function weightOf({ weight, effective_weight: effective }: AnsweredMember): string {
  return effective === weight ? String(weight) : `${String(effective)} of ${String(weight)}`;
}

/** Reasons are words of people, and of peers: no control character of theirs reaches the terminal. */
function printable(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
}
