/** An exposition, read strictly. */
export interface ReadExposition {
  /** Types by the names of metrics, which OpenMetrics writes without `_total`. */
  readonly types: Map<string, string>;
  readonly helps: Map<string, string>;
  /** By `name{label="value",…}` with sorted labels. */
  readonly values: Map<string, number>;
  /** The text behind ` # ` by the same keys. */
  readonly exemplars: Map<string, string>;
}

/** Reads Prometheus' text format, or OpenMetrics. Throws at what neither allows. */
export function parseExposition(
  text: string,
  format: 'prometheus' | 'openmetrics' = 'prometheus',
): ReadExposition {
  const read: ReadExposition = {
    types: new Map(),
    helps: new Map(),
    values: new Map(),
    exemplars: new Map(),
  };
  if (!text.endsWith('\n')) throw new Error('the last line must end');
  const lines = text.slice(0, -1).split('\n');
  if (format === 'openmetrics' && lines.pop() !== '# EOF') throw new Error('there must be an end');
  let family = '';
  for (const line of lines) {
    const help = /^# HELP (\S+) (.+)$/.exec(line);
    const type = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line);
    if (help !== null) read.helps.set(help[1]!, help[2]!);
    else if (type !== null) {
      family = type[1]!;
      if (read.types.has(family)) throw new Error(`two families ${family}`);
      read.types.set(family, type[2]!);
    } else readSample(line, family, format, read);
  }
  return read;
}

function readSample(line: string, family: string, format: string, read: ReadExposition): void {
  const sample = /^([a-z_][a-z0-9_]*)(?:\{((?:[a-z_]+="(?:[^"\\]|\\.)*",?)*)\})? (\S+)(?: # (.*))?$/.exec(
    line,
  );
  if (sample === null) throw new Error(`not a sample: ${line}`);
  const [, name = '', labelText = '', valueText = '', exemplar] = sample;
  if (
    !suffixesOf(read.types.get(family), format).includes(name.slice(family.length)) ||
    !name.startsWith(family)
  ) {
    throw new Error(`not of ${family}: ${line}`);
  }
  const labels = [...labelText.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"(?:,|$)/g)].map(
    ([, label, value]) => `${label}="${value}"`,
  );
  const key = labels.length === 0 ? name : `${name}{${labels.sort().join(',')}}`;
  if (read.values.has(key)) throw new Error(`twice: ${key}`);
  const value = Number(valueText.replace('Inf', 'Infinity'));
  if (Number.isNaN(value) && valueText !== 'NaN') throw new Error(`not a number: ${line}`);
  read.values.set(key, value);
  if (exemplar === undefined) return;
  if (format === 'prometheus') throw new Error(`no exemplars here: ${line}`);
  read.exemplars.set(key, exemplar);
}

function suffixesOf(type: string | undefined, format: string): string[] {
  if (type === 'histogram') return ['_bucket', '_sum', '_count'];
  return [type === 'counter' && format === 'openmetrics' ? '_total' : ''];
}
