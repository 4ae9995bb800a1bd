import type { CertificateReading } from '../../readings/certificate.ts';
import { labelText } from './exposition/exposition.ts';
import type { Series } from './exposition/exposition.ts';
import type { MetricsSnapshot } from './snapshot/metrics-snapshot.ts';

const DAY_MS = 86_400_000;

/** The series of handshakes that run. */
export function runningHandshakeSeries({ listeners }: MetricsSnapshot) {
  return {
    *balance_tls_handshakes_active(): Iterable<Series> {
      for (const [listener, { gauges }] of listeners)
        yield { labels: labelText({ listener }), value: gauges.handshakesActive };
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
