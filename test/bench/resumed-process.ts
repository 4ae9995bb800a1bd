import { readFileSync } from 'node:fs';
import { connect, createSecureContext } from 'node:tls';

// Opens TLS connections one after the other in some lanes, each with the session of the one before it, and asks once on each. Prints
// the same as report.lua does for wrk, which cannot resume sessions. A full handshake counts as an error.
const [port = 0, lanes = 0, seconds = 0] = process.argv.slice(2, 5).map(Number);
const [path = '/', caFile = ''] = process.argv.slice(5);
const request = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
const secureContext = createSecureContext({ ca: readFileSync(caFile) });

interface Visit {
  readonly session: Buffer | undefined;
  readonly isResumed: boolean;
  readonly isAnswered: boolean;
}

/** One connection with one request on it. */
function visit(session: Buffer | undefined): Promise<Visit> {
  return new Promise((resolve) => {
    const offered = session === undefined ? {} : { session };
    const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', secureContext, ...offered });
    let newest = session;
    let isAnswered = false;
    let isResumed = false;
    socket.once('secureConnect', () => {
      isResumed = socket.isSessionReused();
    });
    socket.once('session', (next: Buffer) => {
      newest = next;
    });
    socket.once('data', () => {
      isAnswered = true;
    });
    socket.on('error', () => undefined);
    socket.once('end', () => socket.destroy());
    socket.once('close', () => {
      resolve({ session: newest, isResumed, isAnswered });
    });
    socket.write(request);
  });
}

const waits: number[] = [];
let errors = 0;

async function lane(untilMs: number): Promise<void> {
  let { session } = await visit(undefined);
  while (performance.now() < untilMs) {
    const begunAtMs = performance.now();
    const result = await visit(session);
    waits.push(performance.now() - begunAtMs);
    if (!result.isResumed || !result.isAnswered) errors += 1;
    ({ session } = result);
  }
}

const begunAtMs = performance.now();
await Promise.all(Array.from({ length: lanes }, () => lane(begunAtMs + seconds * 1_000)));
const durationMicroseconds = Math.round((performance.now() - begunAtMs) * 1_000);
waits.sort((a, b) => a - b);
const at = (share: number): number => Math.round((waits[Math.floor(waits.length * share)] ?? 0) * 1_000);
const result = {
  // The first connection of each lane is a full handshake. It is work of the proxy too, and so it is counted.
  requests: waits.length + lanes,
  durationMicroseconds,
  p50Microseconds: at(0.5),
  p99Microseconds: at(0.99),
  errors,
};
process.stdout.write(`RESULT ${JSON.stringify(result)}\n`);
