import type { Endpoint } from '../../../plugin-api/index.ts';
import { UNIX_END } from '../../transport/endpoints.ts';
import { textOfV4, textOfV6, unmapped } from '../../../plugin-api/values/ip-address.ts';
import { FIXED_BYTES_V2, SIGNATURE_V2 } from '../signatures.ts';
import { HeaderFault, NO_RECORDS, type HeaderOutcome } from './parsed-header.ts';
import { checkRecords } from './records.ts';

/**
 * The largest header that is read. The format allows 64 KiB; what proxies send has some hundred bytes, and with a client's certificate
 * some two thousand.
 */
const LIMIT_BYTES = 4096;
const VERSION = 2;
const LOCAL = 0;
const PROXY = 1;
const LAST_FAMILY = 3;
const UNSPECIFIED = 0;
const STREAM = 1;
const DATAGRAM = 2;

/** How the addresses of one family lie in a header. */
interface AddressForm {
  readonly name: string;
  /** Of both addresses and ports. */
  readonly sizeBytes: number;
  source(header: Buffer): Endpoint;
  destination(header: Buffer): Endpoint;
}

const FORMS: ReadonlyMap<number, AddressForm> = new Map<number, AddressForm>([
  [
    1,
    {
      name: 'IPv4',
      sizeBytes: 12,
      source: (header) => endpoint(textOfV4(header, 16), header, 24),
      destination: (header) => endpoint(textOfV4(header, 20), header, 26),
    },
  ],
  [
    2,
    {
      name: 'IPv6',
      sizeBytes: 36,
      source: (header) => endpoint(unmapped(textOfV6(header, 16)), header, 48),
      destination: (header) => endpoint(unmapped(textOfV6(header, 32)), header, 50),
    },
  ],
  [3, { name: 'unix', sizeBytes: 216, source: () => UNIX_END, destination: () => UNIX_END }],
]);

/** Reads a header of version 2 that `bytes` begin with. Their first byte is that of the signature. */
export function readV2(bytes: Buffer): HeaderOutcome {
  const known = Math.min(bytes.length, SIGNATURE_V2.length);
  if (SIGNATURE_V2.compare(bytes, 0, known, 0, known) !== 0)
    return new HeaderFault('missing', 'its first bytes are no PROXY header');
  const fault = faultOfFixedPart(bytes);
  if (fault !== undefined) return fault;
  if (bytes.length < FIXED_BYTES_V2) return undefined;
  const sizeBytes = FIXED_BYTES_V2 + bytes.readUInt16BE(14);
  if (sizeBytes > LIMIT_BYTES)
    return new HeaderFault('too_large', `it has ${sizeBytes} bytes, more than ${LIMIT_BYTES}`);
  if (bytes.length < sizeBytes) return undefined;
  return headerOf(bytes.subarray(0, sizeBytes));
}

/** Checks version, command and family as soon as they are there. Source: proxy-protocol.txt, section 2.2. */
function faultOfFixedPart(bytes: Buffer): HeaderFault | undefined {
  const versionAndCommand = bytes[12];
  if (versionAndCommand === undefined) return undefined;
  const command = versionAndCommand & 0x0f;
  if (versionAndCommand >> 4 !== VERSION) return malformed('its version is not 2');
  if (command > PROXY) return malformed('its command is neither LOCAL nor PROXY');
  const family = bytes[13];
  // The family of a LOCAL header is to be ignored.
  if (family === undefined || command === LOCAL) return undefined;
  if (family >> 4 > LAST_FAMILY || (family & 0x0f) > DATAGRAM)
    return malformed('its address family is unknown');
  if (family >> 4 !== UNSPECIFIED && (family & 0x0f) === DATAGRAM)
    return malformed('it tells of datagrams, and this is a stream');
  return undefined;
}

function headerOf(header: Buffer): HeaderOutcome {
  const plain = { version: 2, sizeBytes: header.length, isLocal: false, records: NO_RECORDS } as const;
  const [command, family] = [(header[12] ?? 0) & 0x0f, header[13] ?? 0];
  const nobody = { ...plain, source: undefined, destination: undefined };
  if (command === LOCAL) return { ...nobody, isLocal: true };
  const form = FORMS.get(family >> 4);
  // Without a family, nothing says where addresses would end and records begin.
  if (form === undefined || (family & 0x0f) !== STREAM) return nobody;
  const recordsAt = FIXED_BYTES_V2 + form.sizeBytes;
  if (header.length < recordsAt) return malformed(`it is too short for two ${form.name} addresses`);
  const fault = checkRecords(header, recordsAt);
  if (fault !== undefined) return fault;
  return {
    ...plain,
    source: form.source(header),
    destination: form.destination(header),
    records: header.subarray(recordsAt),
  };
}

function endpoint(address: string, header: Buffer, portAt: number): Endpoint {
  return { address, port: header.readUInt16BE(portAt) };
}

function malformed(detail: string): HeaderFault {
  return new HeaderFault('malformed', detail);
}
