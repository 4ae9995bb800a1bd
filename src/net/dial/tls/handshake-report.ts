import { handshakeReasonOf, messageOf, type BalanceError } from '../../../errors.ts';
import type { TlsSession } from '../../../plugin-api/index.ts';
import type { HandshakeObserver, HandshakeOutcome } from '../../../readings/handshake.ts';
import type { DialFinish } from '../dial.ts';
import type { BackendHandshake } from './backend-handshake.ts';

/** Whose handshake it is. */
export interface HandshakeSubject {
  readonly upstream: string;
  /** The backend's address. */
  readonly address: string;
  readonly sni: string | undefined;
  readonly observer: Partial<HandshakeObserver> | undefined;
}

/** Reports one handshake with a backend to the observer, when it ends or is given up. */
export class HandshakeReport implements DialFinish {
  readonly #subject: HandshakeSubject;
  readonly #handshake: BackendHandshake;
  #isOver = false;

  constructor(subject: HandshakeSubject, handshake: BackendHandshake) {
    this.#subject = subject;
    this.#handshake = handshake;
  }

  ended(error: BalanceError | undefined, session: TlsSession | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (session !== undefined) {
      const { version, cipher, resumed } = session;
      this.#report({ status: 'ok', version, cipher, resumed });
      return;
    }
    const reason = handshakeReasonOf(error?.cause);
    this.#report({
      status: reason === 'peer_left' ? 'aborted' : 'failed',
      reason,
      detail: messageOf(error?.cause),
    });
  }

  destroy(isLate: boolean): void {
    this.#handshake.destroy();
    if (this.#isOver) return;
    this.#isOver = true;
    this.#report(
      isLate ? { status: 'timeout', reason: 'timeout' } : { status: 'aborted', reason: 'not_needed' },
    );
  }

  #report(outcome: Omit<HandshakeOutcome, 'durationMs' | 'address' | 'sni'>): void {
    const { observer, upstream, address, sni } = this.#subject;
    const durationMs = performance.now() - this.#handshake.connectedAtMs;
    observer?.handshake?.({ side: 'backend', owner: upstream, durationMs, address, sni, ...outcome });
  }
}
