import type { Logger } from '../../plugin-api/index.ts';
import type { CertificateReading } from '../../readings/certificate.ts';
import type { PreparedChange, ReloadParticipant } from '../../runtime/reload/reload-participant.ts';

const DAY_MS = 86_400_000;
/** A warning comes when a certificate has this many days left, and once more when it has expired. In the order in which they pass. */
const WARNED_DAYS = [30, 7, 1, 0] as const;
/** The clock of the machine may be set, and a timer does not see that: look at it at least this often. */
const MOST_WAIT_MS = 3_600_000;
/** A timer may end a moment early. */
const LEAST_WAIT_MS = 1_000;

/**
 * Warns of certificates of the live config that will soon expire: one line for each of {@link WARNED_DAYS} that a certificate passes, and
 * right away for a new one that is already past one of them. It waits for the next of these moments with one timer, and without
 * certificates with none.
 */
export class CertificateWatch implements ReloadParticipant {
  readonly #logger: Logger;
  #certificates: readonly CertificateReading[] = [];
  /** How many of the moments of a certificate were logged. */
  #told = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** The certificates of the live config. */
  get certificates(): readonly CertificateReading[] {
    return this.#certificates;
  }

  prepare({
    certificates,
  }: {
    readonly certificates: readonly CertificateReading[];
  }): Promise<PreparedChange> {
    return Promise.resolve({
      commit: () => {
        this.replaceWith(certificates);
      },
      unwind: () => undefined,
    });
  }

  /** Another config is live. A certificate that it still uses is not warned of a second time. */
  replaceWith(certificates: readonly CertificateReading[]): void {
    this.#certificates = certificates;
    const kept = new Map<string, number>();
    for (const key of certificates.map(keyOf)) kept.set(key, this.#told.get(key) ?? 0);
    this.#told = kept;
    this.#look();
  }

  destroy(): void {
    clearTimeout(this.#timer);
  }

  #look(): void {
    clearTimeout(this.#timer);
    const nowMs = Date.now();
    for (const certificate of this.#certificates) this.#warnOf(certificate, nowMs);
    const waitMs = Math.min(...this.#certificates.map((one) => nextMomentMs(one, nowMs) - nowMs));
    if (this.#certificates.length === 0) return;
    this.#timer = setTimeout(
      () => {
        this.#look();
      },
      Math.min(Math.max(waitMs, LEAST_WAIT_MS), MOST_WAIT_MS),
    );
    this.#timer.unref();
  }

  #warnOf(certificate: CertificateReading, nowMs: number): void {
    const { kind, file, names, usedBy, notAfterMs } = certificate;
    const key = keyOf(certificate);
    const passed = WARNED_DAYS.filter((days) => notAfterMs - nowMs <= days * DAY_MS).length;
    const told = this.#told.get(key) ?? 0;
    // Fewer moments than before have passed when the clock was set back: they are logged again when they come.
    this.#told.set(key, passed);
    if (passed <= told) return;
    const fields = {
      certificate: file,
      kind,
      names: names.join(', '),
      used_by: usedBy.join(', '),
      expires: new Date(notAfterMs).toISOString(),
    };
    if (notAfterMs <= nowMs) this.#logger.error('a certificate has expired', fields);
    else
      this.#logger.warn('a certificate expires soon', {
        ...fields,
        days_left: Math.floor((notAfterMs - nowMs) / DAY_MS),
      });
  }
}

/** A renewed certificate has another fingerprint, and so warnings of its own. */
function keyOf({ file, fingerprint256 }: CertificateReading): string {
  return `${fingerprint256} ${file}`;
}

/** When the next of its moments comes; Infinity when all have passed. */
function nextMomentMs({ notAfterMs }: CertificateReading, nowMs: number): number {
  const moments = WARNED_DAYS.map((days) => notAfterMs - days * DAY_MS);
  return moments.find((momentMs) => momentMs > nowMs) ?? Number.POSITIVE_INFINITY;
}
