import type { DnsClient, FamilyAnswer, Family } from './sources/dns-client.ts';

/** Once one family has answered with addresses, the other one gets so much longer. Source: RFC 8305, section 3. */
const OTHER_FAMILY_MS = 50;

/** What the name servers say about a host. */
export type LookUpResult =
  | {
      readonly kind: 'found';
      /** The full name that has the addresses. */
      readonly name: string;
      /** Undefined while that family has not answered, or could not be asked. */
      readonly ipv4: readonly string[] | undefined;
      readonly ipv6: readonly string[] | undefined;
      readonly ttlMs: number;
    }
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly reason: string };

export interface LookUpQuestion {
  /** Full names, to be tried in this order until one has an address. */
  readonly names: readonly string[];
  /** The one that had the addresses before: while asking for it fails, no later one takes its place. */
  readonly knownName: string | undefined;
}

/** One look-up of a host, both families at a time. */
export class LookUp {
  readonly #client: DnsClient;
  readonly #question: LookUpQuestion;
  readonly #answered: (result: LookUpResult, isLast: boolean) => void;
  #index = 0;
  #firstFailure: string | undefined;
  #otherFamily: NodeJS.Timeout | undefined;
  #closed = false;

  /**
   * @param answered Called once with the last result; before that perhaps with a first one, where one family has addresses and
   * the other one takes long.
   */
  constructor(
    client: DnsClient,
    question: LookUpQuestion,
    answered: (result: LookUpResult, isLast: boolean) => void,
  ) {
    this.#client = client;
    this.#question = question;
    this.#answered = answered;
    this.#askNext();
  }

  /** Nothing is told any more. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#otherFamily);
  }

  #askNext(): void {
    const name = this.#question.names[this.#index];
    if (name === undefined) {
      const reason = this.#firstFailure;
      this.#finish(reason === undefined ? { kind: 'absent' } : { kind: 'failed', reason });
      return;
    }
    const answers = new Map<Family, FamilyAnswer>();
    for (const family of [4, 6] as const) {
      this.#client.ask(name, family, (answer) => {
        if (this.#closed) return;
        answers.set(family, answer);
        if (answers.size === 2) this.#judge(name, answers);
        else if (answer.kind === 'found') this.#waitForOther(name, answers);
      });
    }
  }

  #waitForOther(name: string, answers: ReadonlyMap<Family, FamilyAnswer>): void {
    this.#otherFamily = setTimeout(() => {
      const found = foundIn(name, answers);
      if (found !== undefined) this.#answered(found, false);
    }, OTHER_FAMILY_MS).unref();
  }

  #judge(name: string, answers: ReadonlyMap<Family, FamilyAnswer>): void {
    clearTimeout(this.#otherFamily);
    const found = foundIn(name, answers);
    if (found !== undefined) {
      this.#finish(found);
      return;
    }
    for (const answer of answers.values()) {
      if (answer.kind !== 'failed') continue;
      this.#firstFailure ??= answer.reason;
      // Another name's addresses must not stand in for those of the name that is known to be meant.
      if (!answer.silent && name !== this.#question.knownName) continue;
      this.#finish({ kind: 'failed', reason: answer.reason });
      return;
    }
    this.#index += 1;
    this.#askNext();
  }

  #finish(result: LookUpResult): void {
    this.close();
    this.#answered(result, true);
  }
}

function foundIn(name: string, answers: ReadonlyMap<Family, FamilyAnswer>): LookUpResult | undefined {
  const [ipv4, ipv6] = ([4, 6] as const).map((family) => addressesOf(answers.get(family)));
  if ((ipv4?.length ?? 0) + (ipv6?.length ?? 0) === 0) return undefined;
  const ttls = [...answers.values()].flatMap((answer) => (answer.kind === 'found' ? [answer.ttlMs] : []));
  return { kind: 'found', name, ipv4, ipv6, ttlMs: Math.min(...ttls) };
}

/** Undefined where the family could not be asked. */
function addressesOf(answer: FamilyAnswer | undefined): readonly string[] | undefined {
  if (answer === undefined || answer.kind === 'failed') return undefined;
  return answer.kind === 'found' ? answer.addresses : [];
}

type Found = Extract<LookUpResult, { kind: 'found' }>;

/** The new answer; a family that could not be asked keeps what was known of it before for the same full name. */
export function mergeFamilies(known: Found | undefined, now: Found): Found {
  if (known?.name !== now.name) return now;
  return { ...now, ipv4: now.ipv4 ?? known.ipv4, ipv6: now.ipv6 ?? known.ipv6 };
}
