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
  const { since, reason } = causeOf(backend, member);
  return [
    member.name,
    backend.name,
    backend.address,
    member.state,
    String(member.weight),
    String(backend.active),
    since ?? '-',
    printable(reason ?? ''),
  ];
}

/** Since when and why it is in its state. */
function causeOf(
  backend: AnsweredBackend,
  member: AnsweredMember,
): { since: string | null; reason: string | null } {
  const { by_hand: hand, ejection, circuit_breaker: breaker, state } = member;
  if (hand !== null) return { since: hand.since, reason: hand.reason ?? 'set by hand' };
  if (state === 'open' || state === 'half-open') return breaker ?? { since: null, reason: null };
  if (state === 'ejected' && ejection !== null)
    return {
      since: ejection.since,
      reason: [ejection.reason, `back in ${String(ejection.left_seconds)} s`].filter(Boolean).join('; '),
    };
  if (state === 'unhealthy') return { since: null, reason: backend.reason };
  const { failing, since, error } = backend.connects;
  return failing
    ? { since, reason: `connects fail${error === null ? '' : `: ${error}`}` }
    : { since: null, reason: null };
}

/** Reasons are words of people, and of peers: no control character of theirs reaches the terminal. */
function printable(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
}
