/** The last check of a backend, and what is missing for a change of its health. */
export interface CheckProgress {
  /** How long the last check took. */
  readonly durationMs: number;
  /** Why the last check failed, whatever the agent says; undefined when it passed. */
  readonly error: string | undefined;
  /** Results in a row, the last one included, that speak against the present state. */
  readonly against: number;
  /** So many of them change it. */
  readonly threshold: number;
}

/** What the agent of a backend says (`agent_check`). Each part holds until the agent says otherwise. */
export interface AgentSays {
  /** `drain`: the backend keeps its clients and gets no new ones; `maint`: it gets nothing. */
  readonly admin: 'ready' | 'drain' | 'maint';
  readonly isDown: boolean;
  /** The part of its weight that the backend has, from 0 to 1. */
  readonly share: number;
  /** How many connections the backend takes, in place of what the config says; 0: any number; undefined: the agent says nothing of it. */
  readonly maxConnections: number | undefined;
  /** When the agent last said that the backend is up, in ms since 1970; undefined: not since it last was down. */
  readonly upAtMs: number | undefined;
  /** Since when it says the same of state and share, in ms since 1970; undefined before the first answer. */
  readonly sinceMs: number | undefined;
  /** The last answer that was understood, in the agent's words; undefined before the first one. */
  readonly text: string | undefined;
  /** When that answer came, in ms since 1970. */
  readonly atMs: number | undefined;
  /** Why the last try got no such answer; undefined when it did. */
  readonly error: string | undefined;
}
