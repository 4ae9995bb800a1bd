import { BalanceError } from '../../../errors.ts';
import { PROXY_REFUSAL_REASONS, type ProxyRefusalReason } from '../../../errors/proxy-refusal-reasons.ts';
import type { StreamReader } from '../../../plugin-api/index.ts';
import { AddressList } from '../../../plugin-api/values/address-list.ts';
import type { LayerRun, TransportLayer } from '../../layers/layer.ts';
import { UNIX_END } from '../../transport/endpoints.ts';
import type { OwnedTransport } from '../../transport/owned-transport.ts';
import type { ProxyRefusals } from './proxy-refusals.ts';
import { HeaderReader } from '../read/header-reader.ts';
import { HeaderFault, type ParsedHeader } from '../read/parsed-header.ts';
import { ReceivedHeader } from '../read/received-header.ts';

export interface ProxyHeaderSettings {
  /** Name of the listener, for the log. */
  readonly listener: string;
  /** Addresses and networks of the proxies that send a header. Who connects to a unix socket is trusted too. */
  readonly trusted: readonly string[];
  /** How long the header may take to arrive. */
  readonly timeoutMs: number;
}

type Ready = (transport: OwnedTransport) => void;
type Failed = (error: BalanceError) => void;

/**
 * Reads the PROXY header that each connection from a trusted address must begin with, and sets who the client is. A peer with another
 * address is refused before a byte of it is read: the bytes of a client can't say whether a header is wanted.
 */
export class ProxyHeaderLayer implements TransportLayer {
  readonly name = 'PROXY header';
  readonly settings: ProxyHeaderSettings;
  readonly refusals: ProxyRefusals;
  readonly #trusted: AddressList;

  constructor(settings: ProxyHeaderSettings, refusals: ProxyRefusals) {
    this.settings = settings;
    this.refusals = refusals;
    this.#trusted = new AddressList(settings.trusted);
  }

  get timeoutMs(): number {
    return this.settings.timeoutMs;
  }

  open(raw: OwnedTransport, ready: Ready, failed: Failed): LayerRun | undefined {
    const { address } = raw.peer;
    if (address !== UNIX_END.address && !this.#trusted.has(address)) {
      const { listener } = this.settings;
      this.refusals.note(listener, 'untrusted', PROXY_REFUSAL_REASONS.untrusted, raw.peer);
      failed(refused(PROXY_REFUSAL_REASONS.untrusted));
      return undefined;
    }
    const reading = new HeaderReading(raw, this, ready, failed);
    raw.read(reading);
    return reading;
  }
}

/** The header of one connection, while it is read. */
class HeaderReading implements StreamReader, LayerRun {
  readonly #raw: OwnedTransport;
  readonly #layer: ProxyHeaderLayer;
  readonly #ready: Ready;
  readonly #failed: Failed;
  readonly #reader = new HeaderReader();
  #isOver = false;

  constructor(raw: OwnedTransport, layer: ProxyHeaderLayer, ready: Ready, failed: Failed) {
    this.#raw = raw;
    this.#layer = layer;
    this.#ready = ready;
    this.#failed = failed;
  }

  data(bytes: Buffer, start: number, end: number): void {
    if (this.#isOver) return;
    const outcome = this.#reader.add(bytes, start, end);
    if (outcome === undefined) return;
    if (outcome instanceof HeaderFault) this.#refuse(outcome.reason, outcome.detail);
    else this.#take(outcome);
  }

  end(): void {
    if (this.#isOver) return;
    // A balancer that only checks whether the port is open sends nothing. That is no fault.
    if (this.#hasBegun) this.#refuse('incomplete');
    else {
      this.#isOver = true;
      this.#failed(new BalanceError('client_abort', 'it ended before its PROXY header'));
    }
  }

  drained(): void {
    // Nothing is written.
  }

  closed(): void {
    // `destroy` was called before.
  }

  /** The connection is closed, or the time is over. */
  destroy(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (!this.#raw.destroyed) this.#note('timeout');
    else if (this.#hasBegun) this.#note('incomplete');
  }

  get #hasBegun(): boolean {
    return this.#reader.bytes.length > 0;
  }

  #take(header: ParsedHeader): void {
    this.#isOver = true;
    const raw = this.#raw;
    const { source, destination, sizeBytes, isLocal } = header;
    if (!isLocal) raw.proxy = new ReceivedHeader(header, raw.peer);
    if (source !== undefined) raw.peer = source;
    if (destination !== undefined) raw.local = destination;
    raw.releaseReader(this.#reader.bytes.subarray(sizeBytes));
    this.#ready(raw);
  }

  #refuse(reason: ProxyRefusalReason, detail: string = PROXY_REFUSAL_REASONS[reason]): void {
    this.#isOver = true;
    this.#note(reason, detail);
    this.#failed(refused(detail));
  }

  #note(reason: ProxyRefusalReason, detail: string = PROXY_REFUSAL_REASONS[reason]): void {
    const { settings, refusals } = this.#layer;
    refusals.note(settings.listener, reason, detail, this.#raw.peer);
  }
}

function refused(detail: string): BalanceError {
  return new BalanceError('proxy_header', detail);
}
