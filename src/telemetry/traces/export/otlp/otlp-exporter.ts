import { OTLPExporterBase } from '@opentelemetry/otlp-exporter-base';
import {
  convertLegacyHttpOptions,
  createOtlpHttpExportDelegate,
} from '@opentelemetry/otlp-exporter-base/node-http';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import type {
  IExporterMetricsHelper,
  IExportTraceServiceResponse,
  ISerializer,
} from '@opentelemetry/otlp-transformer';
import { OtlpEncoder } from './otlp-encoder.ts';
import type { RecordedSpan } from '../../spans/recorded-span.ts';
import type { Collector, SpanExporter } from '../collector.ts';

const COMPONENT_TYPE = 'otlp_http_span_exporter';
const COUNTED: IExporterMetricsHelper<RecordedSpan[]> = { name: 'span', countItems: (spans) => spans.length };

/**
 * Makes the exporter of `@opentelemetry/exporter-trace-otlp-proto` with our own encoder. HTTP, timeouts, retries and the environment
 * variables of OpenTelemetry are the library's.
 */
export function createOtlpExporter({ endpoint: url, headers, lookup }: Collector): SpanExporter {
  const encoder = new OtlpEncoder();
  const serializer: ISerializer<RecordedSpan[], IExportTraceServiceResponse> = {
    serializeRequest: (spans) => encoder.encode(spans),
    deserializeResponse: (bytes) => ProtobufTraceSerializer.deserializeResponse(bytes),
  };
  // The HTTP agent passes its options to each socket: `lookup` gets there this way.
  const settings = { url, headers: { ...headers }, httpAgentOptions: { keepAlive: true, lookup } };
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the library's own exporters have nothing else
  const options = convertLegacyHttpOptions(settings, 'TRACES', 'v1/traces', {
    'Content-Type': 'application/x-protobuf',
  });
  return new OTLPExporterBase(
    createOtlpHttpExportDelegate(options, serializer, COMPONENT_TYPE, COUNTED, undefined),
  );
}
