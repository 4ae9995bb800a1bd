/** What one answer of an agent says. What it says nothing of stays as it was. */
export interface AgentReply {
  /** The part of its weight, from 0 to 1. */
  readonly share: number | undefined;
  readonly admin: 'ready' | 'drain' | 'maint' | undefined;
  readonly operational: 'up' | 'down' | undefined;
  /** How many connections the backend takes; 0: any number. */
  readonly maxConnections: number | undefined;
  /** The answer without its line end, without control characters, and not longer than an operator reads. */
  readonly text: string;
}

const MOST_SHOWN = 200;
const PERCENT = /^(\d{1,9})%$/;
const MOST_CONNECTIONS = /^maxconn:(\d{1,9})$/;

/**
 * Reads the answer of an agent, up to the end of its first line: words between blanks and commas, in any case.
 * `75%`: the part of its weight; `maxconn:30`: how many connections it takes; `ready`, `drain`, `maint`: by whom it may be used; `up`; `down`, `failed`, `stopped`, each perhaps
 * with a reason behind `#`. Other words are passed over, as agents for other balancers may send them.
 *
 * Source: `agent-check` in HAProxy's configuration manual.
 */
export function agentReply(answer: string): AgentReply {
  const [line = ''] = answer.split(/[\r\n]/, 1);
  const reply: { -readonly [Key in keyof AgentReply]: AgentReply[Key] } = {
    share: undefined,
    admin: undefined,
    operational: undefined,
    maxConnections: undefined,
    text: line.replaceAll(/\p{C}/gu, ' ').trim().slice(0, MOST_SHOWN),
  };
  // A description goes to the end of the line.
  const [words = ''] = line.split('#', 1);
  for (const word of words.toLowerCase().split(/[\s,]+/)) {
    const percent = PERCENT.exec(word)?.[1];
    const connections = MOST_CONNECTIONS.exec(word)?.[1];
    if (connections !== undefined) reply.maxConnections = Number(connections);
    else if (percent !== undefined) reply.share = Math.min(1, Number(percent) / 100);
    else if (word === 'ready' || word === 'drain' || word === 'maint') reply.admin = word;
    else if (word === 'up') reply.operational = 'up';
    else if (word === 'down' || word === 'failed' || word === 'fail' || word === 'stopped')
      reply.operational = 'down';
  }
  return reply;
}

/** Whether an answer says anything that is understood. */
export function saysAnything({ share, admin, operational, maxConnections }: AgentReply): boolean {
  return [share, admin, operational, maxConnections].some((said) => said !== undefined);
}
