import { ByteWriter } from '../../byte-writer.ts';
import type { DurationHistogram, Exemplar } from './duration-histogram.ts';

/** The two text formats that Prometheus reads. Only OpenMetrics shows exemplars. */
export type ExpositionFormat = 'prometheus' | 'openmetrics';

/** The `Content-Type` of each format. */
export const CONTENT_TYPES: Readonly<Record<ExpositionFormat, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

export type MetricType = 'counter' | 'gauge' | 'histogram';

/** One series of a metric: a line with a number, or the lines of one histogram. */
export type Series =
  | {
      /** The labels as {@link labelText} writes them; '' without labels. */
      readonly labels: string;
      readonly value: number;
    }
  | { readonly labels: string; readonly histogram: DurationHistogram };

/** A metric with its present series. */
export interface MetricFamily {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly series: Iterable<Series>;
}

/** The writer pauses after this time, so that requests are served in between. */
const SLICE_MS = 4;
/** The clock is read once for this number of lines. */
const LINES_A_LOOK = 16;

/**
 * Writes metrics as UTF-8 text. It works in slices of some milliseconds and serves requests in between, however many series there are. The
 * lines of one series are written without a pause, so that the lines of a histogram agree. prom-client's own writer takes twice as long,
 * and does not pause within a metric.
 */
export async function writeExposition(
  families: Iterable<MetricFamily>,
  format: ExpositionFormat,
): Promise<Buffer> {
  const writer = new ExpositionWriter(format);
  for (const family of families) {
    writer.begin(family);
    for (const series of family.series) {
      writer.write(family.name, series);
      if (writer.wantsPause) await writer.pause();
    }
  }
  return writer.end();
}

/** Labels as text: `name="value",name="value"`, with the values escaped. */
export function labelText(labels: Readonly<Record<string, string | number>>): string {
  let text = '';
  for (const [name, value] of Object.entries(labels)) {
    text += `${text === '' ? '' : ','}${name}="${escaped(String(value)).replaceAll('"', '\\"')}"`;
  }
  return text;
}

/** A bound as the label `le` shows it. Prometheus treats `1` and `1.0` as different bounds, and OpenMetrics requires `1.0`. */
function boundText(bound: number): string {
  return Number.isInteger(bound) ? bound.toFixed(1) : String(bound);
}

class ExpositionWriter {
  readonly #isOpen: boolean;
  readonly #text = new ByteWriter();
  #lines = 0;
  #sliceEndsMs = performance.now() + SLICE_MS;
  /** The bounds whose texts are in `#boundTexts`. Nearly all histograms have the same bounds, so the texts are made once. */
  #bounds: readonly number[] = [];
  #boundTexts: readonly string[] = [];

  constructor(format: ExpositionFormat) {
    this.#isOpen = format === 'openmetrics';
  }

  begin({ name, type, help }: MetricFamily): void {
    // In OpenMetrics the name of a counter has no `_total`; only its samples have.
    const shown = this.#isOpen && type === 'counter' ? name.replace(/_total$/, '') : name;
    const text = this.#isOpen ? escaped(help).replaceAll('"', '\\"') : escaped(help);
    this.#text.utf8(`# HELP ${shown} ${text}\n# TYPE ${shown} ${type}\n`);
  }

  write(family: string, series: Series): void {
    if ('histogram' in series) {
      this.#histogram(family, series.labels, series.histogram);
      return;
    }
    const labels = series.labels === '' ? '' : `{${series.labels}}`;
    this.#text.utf8(`${family}${labels} ${numberText(series.value)}\n`);
    this.#lines += 1;
  }

  get wantsPause(): boolean {
    if (this.#lines < LINES_A_LOOK) return false;
    this.#lines = 0;
    return performance.now() >= this.#sliceEndsMs;
  }

  async pause(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#sliceEndsMs = performance.now() + SLICE_MS;
  }

  end(): Buffer {
    if (this.#isOpen) this.#text.utf8('# EOF\n');
    return this.#text.take();
  }

  #histogram(name: string, labels: string, histogram: DurationHistogram): void {
    const bucket = labels === '' ? `${name}_bucket{le="` : `${name}_bucket{${labels},le="`;
    const own = labels === '' ? '' : `{${labels}}`;
    const bounds = this.#textsOf(histogram.bounds);
    let text = '';
    let total = 0;
    for (let index = 0; index < bounds.length; index++) {
      total += histogram.count(index);
      text += `${bucket}${bounds[index] ?? ''}"} ${String(total)}`;
      const exemplar = this.#isOpen ? histogram.exemplar(index) : undefined;
      text += exemplar === undefined ? '\n' : `${exemplarText(exemplar)}\n`;
    }
    text += `${name}_sum${own} ${numberText(histogram.sumS)}\n${name}_count${own} ${String(total)}\n`;
    this.#text.utf8(text);
    this.#lines += bounds.length + 2;
  }

  #textsOf(bounds: readonly number[]): readonly string[] {
    if (bounds !== this.#bounds) {
      this.#bounds = bounds;
      this.#boundTexts = [...bounds.map(boundText), '+Inf'];
    }
    return this.#boundTexts;
  }
}

function exemplarText({ traceId, spanId, valueS, atMs }: Exemplar): string {
  const labels = labelText({ trace_id: traceId, span_id: spanId });
  return ` # {${labels}} ${numberText(valueS)} ${(atMs / 1000).toFixed(3)}`;
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}

function escaped(text: string): string {
  return /[\\\n]/.test(text) ? text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n') : text;
}
