import { isIPv4, isIPv6 } from 'node:net';

import type { Endpoint } from '../../../plugin-api/index.ts';
import { canonicalV6, unmapped } from '../../../plugin-api/values/ip-address.ts';
import { SIGNATURE_V1 } from '../signatures.ts';
import { HeaderFault, NO_RECORDS, type HeaderOutcome } from './parsed-header.ts';

/** The longest header, its CRLF included: the longest line that names two IPv6 addresses. Source: proxy-protocol.txt, section 2.1. */
const LIMIT_BYTES = 107;
const CR = 0x0d;
const LF = 0x0a;
const FIRST_VISIBLE = 0x20;
const LAST_VISIBLE = 0x7e;
const PORT = /^(?:0|[1-9]\d{0,4})$/;
const LAST_PORT = 65_535;
const UNKNOWN = /^UNKNOWN(?: |$)/;

/** Reads a header of version 1, `PROXY TCP4 192.0.2.1 192.0.2.2 40000 443`, that `bytes` begin with. Their first byte is a `P`. */
export function readV1(bytes: Buffer): HeaderOutcome {
  const known = Math.min(bytes.length, SIGNATURE_V1.length);
  if (SIGNATURE_V1.compare(bytes, 0, known, 0, known) !== 0)
    return new HeaderFault('missing', 'its first bytes are no PROXY header');
  const end = endOfLine(bytes);
  if (end === undefined || end instanceof HeaderFault) return end;
  return headerOf(bytes.toString('latin1', known, end), end + 2);
}

/** Where the CRLF is. Undefined when it has not arrived yet. */
function endOfLine(bytes: Buffer): number | HeaderFault | undefined {
  for (let at = SIGNATURE_V1.length; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (at > LIMIT_BYTES - 2) return malformed(`its line is longer than ${LIMIT_BYTES} bytes`);
    if (byte === CR) {
      if (at + 1 === bytes.length) return undefined;
      return bytes[at + 1] === LF ? at : malformed('its line does not end in CRLF');
    }
    if (byte < FIRST_VISIBLE || byte > LAST_VISIBLE)
      return malformed('its line holds a byte that is no text');
  }
  return undefined;
}

function headerOf(line: string, sizeBytes: number): HeaderOutcome {
  const header = { version: 1, sizeBytes, isLocal: false, records: NO_RECORDS } as const;
  // The rest of such a line is to be ignored.
  if (UNKNOWN.test(line)) return { ...header, source: undefined, destination: undefined };
  const [protocol = '', from = '', to = '', fromPort = '', toPort = '', ...more] = line.split(' ');
  if (protocol !== 'TCP4' && protocol !== 'TCP6')
    return malformed('its protocol is neither TCP4, TCP6 nor UNKNOWN');
  const addressOf = protocol === 'TCP4' ? addressV4 : addressV6;
  const source = endpoint(addressOf(from), fromPort);
  const destination = endpoint(addressOf(to), toPort);
  if (source === undefined || destination === undefined || more.length > 0)
    return malformed(`its line does not hold two ${protocol} addresses and two ports`);
  return { ...header, source, destination };
}

function endpoint(address: string | undefined, port: string): Endpoint | undefined {
  const isPort = PORT.test(port) && Number(port) <= LAST_PORT;
  return address === undefined || !isPort ? undefined : { address, port: Number(port) };
}

function addressV4(text: string): string | undefined {
  return isIPv4(text) ? text : undefined;
}

function addressV6(text: string): string | undefined {
  // A zone means nothing on another machine, and is no part of the address.
  return isIPv6(text) && !text.includes('%') ? unmapped(canonicalV6(text)) : undefined;
}

function malformed(detail: string): HeaderFault {
  return new HeaderFault('malformed', detail);
}
