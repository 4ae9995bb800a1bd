import type { ShareWords } from './share-words.ts';

/** What the rule does to the world, so that it can be tried without one. */
export interface ShareDoors {
  /** Accepts nothing for now. Clients wait in the socket's queue, from which the other workers accept. */
  pause(): void;
  /** Accepts again. */
  resume(): void;
  /** Tells another worker that it should accept again. */
  wake(worker: number): void;
  /** Calls later; the returned function calls it off. Does not keep the thread alive. */
  later(ms: number, call: () => void): () => void;
  /** Calls when the event loop has looked for connections once. */
  afterPoll(call: () => void): void;
  nowMs(): number;
}

/** A worker may have so many connections more than the least loaded one, or this part of what that one has. */
const FEW = 2;
const PART = 0.04;
/** When a worker that rests looks whether clients wait for nobody; doubled each time. */
const FIRST_PROBE_MS = 8;
const LAST_PROBE_MS = 100;
/** On a machine where threads wait for a core, a worker is slow and not blocked. Then the first look is later, up to this. */
const LATEST_FIRST_PROBE_MS = 64;
/** A worker that accepts so soon after it was blamed was only slow. */
const SLOW_MS = 150;
/** Two rests within this time: are connections so short that they need no balance? */
const SOON_MS = 100;
/** For so long it is believed that they are. */
const STORM_MEMORY_MS = 1_000;
/** So much uneven is always good enough while connections are short. */
const LEAST_STORM_SLACK = 32;

/**
 * Evens out how many connections each of several workers has that accept from one listening socket. A worker that has a few more than
 * the least loaded one stops accepting ("rests"), and goes on when the others have caught up. The least loaded one never rests, so
 * somebody always accepts.
 *
 * A worker that rests looks from time to time whether a client waits that nobody accepts: then those with fewer connections are busy
 * or blocked, and it takes more than its share until they accept again.
 *
 * Where connections are short, balance needs none of this: about as many end as begin. Then the rule gives slack.
 */
export class AcceptShare {
  readonly #words: ShareWords;
  readonly #doors: ShareDoors;
  #rests = 0;
  #isResting = false;
  #callOff: (() => void) | undefined;
  #firstProbeMs = FIRST_PROBE_MS;
  #probeMs = FIRST_PROBE_MS;
  #isProbing = false;
  /** How many more connections than usual this worker takes, because that one does not accept. */
  #tolerance = 0;
  #blamed = 0;
  #blamedAccepts = 0;
  #blamedAtMs = 0;
  /** As tolerance, while connections are short. */
  #slack = 0;
  #slackAtMs = 0;
  #ended = 0;
  #endedAtRest = 0;
  #acceptedAtRest = 0;
  #restedAtMs = Number.NEGATIVE_INFINITY;

  constructor(words: ShareWords, doors: ShareDoors) {
    this.#words = words;
    this.#doors = doors;
  }

  /** How often this worker began to rest because it had more than its share. Looks in between do not count. */
  get rests(): number {
    return this.#rests;
  }

  /** The socket is open, and accepts. */
  begin(): void {
    this.#words.accepts();
  }

  /** The socket is closed. Connections may still be open. */
  stop(): void {
    this.#words.leave();
    this.#isResting = false;
    this.#isProbing = false;
    this.#endProbes();
  }

  /** A connection was accepted. */
  accepted(): void {
    const words = this.#words;
    const own = words.accepted();
    if (this.#tolerance > 0) this.#forgive();
    const least = this.#least();
    this.#wakeOthers(least);
    if (this.#isProbing) this.#blame();
    const excess = own - least;
    if (excess < limitOf(least) + this.#tolerance || this.#isShortLived(excess, least)) return;
    if (!this.#isResting) this.#rests += 1;
    this.#rest();
  }

  /** A connection has ended. */
  ended(): void {
    this.#words.ended();
    this.#ended += 1;
    if (this.#isResting && this.#hasCaughtUp()) this.#resume();
  }

  /** Another worker has as many connections as this one now. */
  woken(): void {
    if (this.#isResting) this.#resume();
  }

  #least(): number {
    const words = this.#words;
    let least = words.openOf(words.me);
    for (let worker = 0; worker < words.workers; worker += 1)
      if (words.openOf(worker) < least && words.serves(worker)) least = words.openOf(worker);
    return least;
  }

  /** Wakes those who rest and need not any more. */
  #wakeOthers(least: number): void {
    const words = this.#words;
    for (let worker = 0; worker < words.workers; worker += 1) {
      if (!words.rests(worker) || words.openOf(worker) - least >= againBelow(least)) continue;
      words.noteWoken(worker);
      this.#doors.wake(worker);
    }
  }

  /** A client waited though others have fewer connections: the one with the fewest does not accept. */
  #blame(): void {
    const words = this.#words;
    this.#isProbing = false;
    this.#probeMs = this.#firstProbeMs;
    this.#tolerance = Math.max(FEW, this.#tolerance * 2);
    let at = words.me;
    for (let worker = 0; worker < words.workers; worker += 1)
      if (words.serves(worker) && words.openOf(worker) < words.openOf(at)) at = worker;
    this.#blamed = at;
    this.#blamedAccepts = words.acceptedOf(at);
    this.#blamedAtMs = this.#doors.nowMs();
  }

  /** The worker that did not accept has done so since. It may still be busy: a part of the tolerance stays. */
  #forgive(): void {
    const accepts = this.#words.acceptedOf(this.#blamed);
    if (accepts === this.#blamedAccepts) return;
    this.#blamedAccepts = accepts;
    this.#tolerance >>= 2;
    if (this.#blamedAtMs === 0) return;
    const wasSlow = this.#doors.nowMs() - this.#blamedAtMs < SLOW_MS;
    this.#blamedAtMs = 0;
    this.#firstProbeMs = wasSlow
      ? Math.min(LATEST_FIRST_PROBE_MS, this.#firstProbeMs * 2)
      : Math.max(FIRST_PROBE_MS, this.#firstProbeMs / 2);
  }

  /** Whether connections are so short that this worker need not rest for having that many more than the least loaded one. */
  #isShortLived(excess: number, least: number): boolean {
    const nowMs = this.#doors.nowMs();
    if (nowMs - this.#slackAtMs > STORM_MEMORY_MS) this.#slack = 0;
    if (excess < limitOf(least) + this.#tolerance + this.#slack) return true;
    const took = this.#words.acceptedOf(this.#words.me) - this.#acceptedAtRest;
    const ended = this.#ended - this.#endedAtRest;
    const isSoon = nowMs - this.#restedAtMs < SOON_MS;
    this.#acceptedAtRest += took;
    this.#endedAtRest = this.#ended;
    this.#restedAtMs = nowMs;
    const most = Math.max(LEAST_STORM_SLACK, least / 2);
    if (!isSoon || ended * 2 < took || ended > took * 2 || this.#slack >= most) {
      this.#slack = Math.floor(this.#slack / 2);
      return false;
    }
    this.#slack = Math.min(most, Math.max(FEW, this.#slack * 4));
    this.#slackAtMs = nowMs;
    return true;
  }

  #hasCaughtUp(): boolean {
    const least = this.#least();
    return this.#words.openOf(this.#words.me) - least < againBelow(least) + this.#tolerance;
  }

  #rest(): void {
    this.#isResting = true;
    this.#doors.pause();
    this.#words.rest();
    this.#endProbes();
    this.#callOff = this.#doors.later(this.#probeMs, this.#probe);
    this.#probeMs = Math.min(LAST_PROBE_MS, this.#probeMs * 2);
  }

  #resume(): void {
    this.#probeMs = this.#firstProbeMs;
    this.#accept();
  }

  #accept(): void {
    this.#endProbes();
    this.#isResting = false;
    this.#words.accepts();
    this.#doors.resume();
  }

  #endProbes(): void {
    this.#callOff?.();
    this.#callOff = undefined;
  }

  readonly #probe = (): void => {
    if (!this.#isResting) return;
    if (this.#hasCaughtUp()) {
      this.#resume();
      return;
    }
    this.#accept();
    this.#isProbing = true;
    this.#doors.afterPoll(() => {
      if (!this.#isProbing) return;
      this.#isProbing = false;
      if (!this.#hasCaughtUp()) this.#rest();
    });
  };
}

/** Who rests goes on when it has less than that more than the least loaded worker. */
function againBelow(least: number): number {
  return Math.max(1, limitOf(least) - FEW);
}

function limitOf(least: number): number {
  return Math.max(FEW, Math.ceil(least * PART));
}
