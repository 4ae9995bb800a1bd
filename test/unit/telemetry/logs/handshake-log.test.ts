import { expect, it } from 'vitest';

import type { HandshakeRecord } from '../../../../src/readings/handshake.ts';
import { HandshakeLog } from '../../../../src/telemetry/logs/handshake-log.ts';
import { RecordingLogger } from '../../../support/recording-logger.ts';
import { stoppedClock } from '../../../support/time/stopped-clock.ts';
import { handshakeRecord } from '../records.ts';

class InfoLogger extends RecordingLogger {
  override readonly debugEnabled = false as true;
}

function failure(changes: Partial<HandshakeRecord> = {}): HandshakeRecord {
  return handshakeRecord({ status: 'failed', reason: 'peer_unknown_ca', ...changes });
}

it('says why a handshake failed, with the client and the name that it asked for', () => {
  const logger = new InfoLogger();
  new HandshakeLog(logger).handshake(failure({ sni: 'site.example' }));
  expect(logger.lines).toEqual([
    'info TLS handshake failed {"listener":"web","client":"192.0.2.7:5123","sni":"site.example","error":"peer_unknown_ca",' +
      '"reason":"the client does not trust the authority of the listener\'s certificate, or the chain is not complete"}',
  ]);
});

it('says what the client offered, where both sides have nothing in common', () => {
  const logger = new InfoLogger();
  new HandshakeLog(logger).handshake(failure({ reason: 'no_shared_version', offered: 'TLSv1.1' }));
  new HandshakeLog(logger).handshake(failure({ reason: 'no_shared_protocol', offered: 'x'.repeat(2_000) }));
  expect(logger.lines[0]).toContain('"offered":"TLSv1.1","error":"no_shared_version"');
  expect(logger.lines[1]).toMatch(/"offered":"x{200}",/);
});

it('says nothing about handshakes that were done', () => {
  const logger = new RecordingLogger();
  new HandshakeLog(logger).handshake(handshakeRecord());
  expect(logger.lines).toEqual([]);
});

it('writes one line a minute about each reason of a listener, and how many it left out', () => {
  const clock = stoppedClock();
  const logger = new InfoLogger();
  const log = new HandshakeLog(logger);
  for (let index = 0; index < 50; index++) log.handshake(failure());
  log.handshake(failure({ reason: 'not_tls' }));
  log.handshake(failure({ owner: 'api' }));
  expect(logger.lines).toHaveLength(3);
  clock.advance(60_000);
  log.handshake(failure());
  expect(logger.lines[3]).toContain('"more_before":49');
});

it('at debug writes each failure with what OpenSSL said, up to a rate', () => {
  const clock = stoppedClock();
  const logger = new RecordingLogger();
  const log = new HandshakeLog(logger);
  for (let index = 0; index < 90; index++) log.handshake(failure({ detail: 'x'.repeat(5_000) }));
  expect(logger.lines).toHaveLength(20);
  expect(logger.lines[0]).toMatch(/^debug TLS handshake failed .*"duration_ms":2,"detail":"x{200}"/);
  clock.advance(1_000);
  log.handshake(failure());
  expect(logger.lines[20]).toContain('"more_before":70');
});

it('warns once a minute when many handshakes fail, with the reasons', () => {
  const clock = stoppedClock();
  const logger = new InfoLogger();
  const log = new HandshakeLog(logger);
  const warnings = (): string[] => logger.lines.filter((line) => line.startsWith('warn'));
  for (let index = 0; index < 300; index++) {
    clock.advance(10);
    log.handshake(failure({ status: 'timeout', reason: index % 10 === 0 ? 'peer_left' : 'timeout' }));
  }
  expect(warnings()).toEqual([
    'warn many TLS handshakes fail {"listener":"web","failed":100,"done":0,"within_ms":990,' +
      '"reasons":"timeout: 90, peer_left: 10","last_client":"192.0.2.7:5123"}',
  ]);
  clock.advance(60_000);
  for (let index = 0; index < 100; index++) log.handshake(failure());
  expect(warnings()).toHaveLength(2);
});

it('does not warn of few failures, nor of a small share of them', () => {
  const logger = new InfoLogger();
  const log = new HandshakeLog(logger);
  for (let index = 0; index < 99; index++) log.handshake(failure());
  for (let index = 0; index < 1_000; index++) {
    log.handshake(handshakeRecord({ owner: 'busy' }));
    if (index % 10 === 0) log.handshake(failure({ owner: 'busy' }));
  }
  expect(logger.lines.filter((line) => line.startsWith('warn'))).toEqual([]);
});

it('leaves failures with backends to the lines of their requests, but at debug and in masses', () => {
  const failed = failure({ side: 'backend', owner: 'pool', backend: 'a', address: '10.0.0.1:443' });
  const quiet = new InfoLogger();
  new HandshakeLog(quiet).handshake(failed);
  expect(quiet.lines).toEqual([]);
  const logger = new RecordingLogger();
  const log = new HandshakeLog(logger);
  for (let index = 0; index < 100; index++) log.handshake(failed);
  expect(logger.lines[0]).toContain('"upstream":"pool","backend":"a","address":"10.0.0.1:443"');
  expect(logger.lines[0]).toContain(
    "the backend does not trust the authority of the upstream's client certificate",
  );
  expect(logger.lines.at(-1)).toMatch(/^warn many TLS handshakes fail \{"upstream":"pool","failed":100/);
});

it('keeps a bounded number of places', () => {
  const logger = new InfoLogger();
  const log = new HandshakeLog(logger);
  for (let index = 0; index < 5_000; index++) log.handshake(failure({ owner: `l${String(index)}` }));
  log.handshake(failure({ side: 'admin', owner: 'admin' }));
  expect(logger.lines).toHaveLength(5_001);
  expect(logger.lines.at(-1)).toContain('"server":"admin"');
});

it('says at debug alone why the handshake of a health check failed: the log of the health has its own line', () => {
  const check = failure({
    side: 'check',
    owner: 'a',
    address: '192.0.2.9:443',
    reason: 'certificate_expired',
  });
  const quiet = new InfoLogger();
  new HandshakeLog(quiet).handshake(check);
  expect(quiet.lines).toEqual([]);
  const logger = new RecordingLogger();
  new HandshakeLog(logger).handshake(check);
  expect(logger.lines).toEqual([
    expect.stringContaining(
      '"backend":"a","health_check":true,"address":"192.0.2.9:443","error":"certificate_expired"',
    ),
  ]);
  expect(logger.lines[0]).toContain("the backend's certificate, or one of its chain, has expired");
});
