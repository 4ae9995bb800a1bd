import type { CertificateReading } from '../../readings/certificate.ts';
import { labelText } from './exposition/exposition.ts';
import type { Series } from './exposition/exposition.ts';
import type { MetricsSnapshot } from './snapshot/metrics-snapshot.ts';

const DAY_MS = 86_400_000;

/** The series of handshakes that run, and of how many may, of listeners that expect TLS. */
export function runningHandshakeSeries({ listeners }: MetricsSnapshot) {
  const expecting = [...listeners].filter(([, { gauges }]) => gauges.expectsTls > 0);
  return {
    *balance_tls_handshakes_active(): Iterable<Series> {
      for (const [listener, { gauges }] of expecting) {
        yield { labels: labelText({ listener, stage: 'client_hello' }), value: gauges.hellosAwaited };
        yield { labels: labelText({ listener, stage: 'handshake' }), value: gauges.handshakesActive };
      }
    },
    *balance_tls_handshakes_max(): Iterable<Series> {
      for (const [listener, { gauges }] of expecting)
        yield { labels: labelText({ listener }), value: gauges.handshakesMax };
    },
  };
}

/** The series of the certificates of the live config. */
export function certificateSeries(certificates: readonly CertificateReading[]) {
  const each = (value: (certificate: CertificateReading) => number) =>
    function* (): Iterable<Series> {
      // A file may hold several certificates of the same name; the first to expire speaks for them.
      const values = new Map<string, number>();
      for (const certificate of certificates) {
        for (const labels of labelsOf(certificate))
          values.set(labels, Math.min(value(certificate), values.get(labels) ?? Number.POSITIVE_INFINITY));
      }
      for (const [labels, least] of values) yield { labels, value: least };
    };
  return {
    balance_tls_certificate_expiry_days: each(({ notAfterMs }) => (notAfterMs - Date.now()) / DAY_MS),
    balance_tls_certificate_not_after_timestamp_seconds: each(({ notAfterMs }) => notAfterMs / 1_000),
  };
}

function labelsOf({ file, names, usedBy }: CertificateReading): string[] {
  const [domain = ''] = names;
  return usedBy.map((used_by) => labelText({ certificate: file, domain, used_by }));
}
