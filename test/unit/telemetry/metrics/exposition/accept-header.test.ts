import { describe, expect, it } from 'vitest';
import {
  acceptedFormat,
  acceptsGzip,
} from '../../../../../src/telemetry/metrics/exposition/accept-header.ts';

describe('the format of an exposition', () => {
  it.each([
    // Prometheus 2, 3 and a browser, as they ask.
    [
      'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
      'openmetrics',
    ],
    [
      'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=1.0.0;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
      'openmetrics',
    ],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'prometheus'],
    ['application/openmetrics-text', 'openmetrics'],
    ['Application/OpenMetrics-Text; Version="0.0.1"', 'openmetrics'],
    ['application/openmetrics-text;version=2.0.0', 'prometheus'],
    ['application/openmetrics-text;q=0', 'prometheus'],
    ['application/openmetrics-text;q=0.3,text/plain', 'prometheus'],
    ['application/openmetrics-text;q=x', 'prometheus'],
    ['*/*', 'prometheus'],
    [',;=;,', 'prometheus'],
    ['', 'prometheus'],
    [undefined, 'prometheus'],
  ] as const)('asked for with %s is %s', (accept, format) => {
    expect(acceptedFormat(accept)).toBe(format);
  });

  it.each([
    ['gzip', true],
    ['deflate, GZIP;q=0.5', true],
    ['gzip;q=0', false],
    ['br', false],
    ['identity;q=1, *;q=0', false],
    [undefined, false],
  ] as const)('is zipped for %s: %s', (acceptEncoding, zipped) => {
    expect(acceptsGzip(acceptEncoding)).toBe(zipped);
  });
});
