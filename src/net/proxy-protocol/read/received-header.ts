import type { Endpoint, ProxyHeader, ProxyHeaderSsl, ProxyTlv } from '../../../plugin-api/index.ts';
import { textOfBytes } from '../../../plugin-api/values/text-of-bytes.ts';
import { SSL_CLIENT, SSL_FIXED_BYTES, TLV } from '../signatures.ts';
import type { ParsedHeader } from './parsed-header.ts';
import { eachRecord } from './records.ts';

/** A text with such a character could end a line of a log or of a message head. */
const CONTROL = /[\x00-\x1f\x7f-\x9f]/;

/** The header of a connection. Its records are only decoded when somebody asks for them. */
export class ReceivedHeader implements ProxyHeader {
  readonly version: 1 | 2;
  readonly sender: Endpoint;
  readonly #records: Buffer;
  #tlvs: readonly ProxyTlv[] | undefined;

  constructor({ version, records }: ParsedHeader, sender: Endpoint) {
    this.version = version;
    this.sender = sender;
    // What was parsed is memory that the next bytes are read into.
    this.#records = records.length === 0 ? records : Buffer.from(records);
  }

  get authority(): string | undefined {
    return textOf(this.tlvs, TLV.authority);
  }

  get alpn(): string | undefined {
    return textOf(this.tlvs, TLV.alpn);
  }

  get uniqueId(): Buffer | undefined {
    return valueOf(this.tlvs, TLV.uniqueId);
  }

  get namespace(): string | undefined {
    return textOf(this.tlvs, TLV.namespace);
  }

  get ssl(): ProxyHeaderSsl | undefined {
    const value = valueOf(this.tlvs, TLV.ssl);
    return value === undefined ? undefined : sslOf(value);
  }

  get tlvs(): readonly ProxyTlv[] {
    return (this.#tlvs ??= recordsIn(this.#records));
  }
}

function sslOf(value: Buffer): ProxyHeaderSsl {
  const client = value[0] ?? 0;
  const records = recordsIn(value.subarray(SSL_FIXED_BYTES));
  const hasCertificate = (client & (SSL_CLIENT.certificateNow | SSL_CLIENT.certificateInSession)) !== 0;
  return {
    isTls: (client & SSL_CLIENT.tls) !== 0,
    hasCertificate,
    verified: hasCertificate && value.readUInt32BE(1) === 0,
    version: textOf(records, TLV.sslVersion),
    cipher: textOf(records, TLV.sslCipher),
    commonName: textOf(records, TLV.sslCommonName),
  };
}

function recordsIn(bytes: Buffer): readonly ProxyTlv[] {
  const records: ProxyTlv[] = [];
  eachRecord(bytes, 0, bytes.length, (type, start, end) => {
    if (type !== TLV.padding) records.push({ type, value: bytes.subarray(start, end) });
  });
  return records;
}

/** The value of the first record of that type. */
function valueOf(records: readonly ProxyTlv[], type: number): Buffer | undefined {
  return records.find((record) => record.type === type)?.value;
}

/** The value as text; undefined when it is no text, so that a client's name can't break a line of a log. */
function textOf(records: readonly ProxyTlv[], type: number): string | undefined {
  const value = valueOf(records, type);
  if (value === undefined || value.length === 0) return undefined;
  const text = textOfBytes(value.toString('latin1'));
  return CONTROL.test(text) ? undefined : text;
}
