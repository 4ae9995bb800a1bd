import type { DnsClient, FamilyAnswer, Family } from './sources/dns-client.ts';

/** When one address family has answered with addresses, the other family is waited for so long. Source: RFC 8305, section 3. */
const OTHER_FAMILY_MS = 50;

/** The result of a look-up of a host. */
export type LookUpResult =
  | {
      readonly kind: 'found';
      /** The full name that has these addresses. */
      readonly name: string;
      /** Undefined while there is no answer for that family, or when it could not be asked for. */
      readonly ipv4: readonly string[] | undefined;
      readonly ipv6: readonly string[] | undefined;
      readonly ttlMs: number;
    }
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly reason: string };

export interface LookUpQuestion {
  /** Full names, to be tried in this order until one has an address. */
  readonly names: readonly string[];
  /** The name that had the addresses before. While asking for it fails, the addresses of later names are not used instead. */
  readonly knownName: string | undefined;
}

/** One look-up of a host, for IPv4 and IPv6 at the same time. */
export class LookUp {
  readonly #client: DnsClient;
  readonly #question: LookUpQuestion;
  readonly #answered: (result: LookUpResult, isLast: boolean) => void;
  #index = 0;
  #firstFailure: string | undefined;
  #otherFamily: NodeJS.Timeout | undefined;
  #closed = false;

  /**
   * @param answered called once with the last result. Before that it may be called with a first result, when one family has addresses
   *   and the other takes long
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

  /** Ends the look-up. `answered` is not called any more. */
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
      // The name that had the addresses before could not be asked for. The addresses of another name must not replace them.
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

/** Undefined when the family could not be asked for. */
function addressesOf(answer: FamilyAnswer | undefined): readonly string[] | undefined {
  if (answer === undefined || answer.kind === 'failed') return undefined;
  return answer.kind === 'found' ? answer.addresses : [];
}

type Found = Extract<LookUpResult, { kind: 'found' }>;

/** The new answer. A family that could not be asked for keeps its known addresses, if they are of the same full name. */
export function mergeFamilies(known: Found | undefined, now: Found): Found {
  if (known?.name !== now.name) return now;
  return { ...now, ipv4: now.ipv4 ?? known.ipv4, ipv6: now.ipv6 ?? known.ipv6 };
}
