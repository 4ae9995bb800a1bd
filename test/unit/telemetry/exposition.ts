/** Reads Prometheus' text format strictly: metric types, and values by `name{label="value",…}` with sorted labels. */
export function parseExposition(text: string): { types: Map<string, string>; values: Map<string, number> } {
  const types = new Map<string, string>();
  const values = new Map<string, number>();
  if (!text.endsWith('\n')) throw new Error('the last line must end');
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('# HELP ')) continue;
    const type = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line);
    if (type !== null) {
      types.set(type[1]!, type[2]!);
      continue;
    }
    const sample = /^([a-z_][a-z0-9_]*)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (sample === null) throw new Error(`not a sample: ${line}`);
    const labels = [...(sample[2] ?? '').matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"(?:,|$)/g)].map(
      ([, name, value]) => `${name}="${value}"`,
    );
    const key = labels.length === 0 ? sample[1]! : `${sample[1]}{${labels.sort().join(',')}}`;
    if (values.has(key)) throw new Error(`twice: ${key}`);
    const value = sample[3] === 'Nan' ? 0 : Number(sample[3]); // prom-client's spelling, which Prometheus takes
    if (Number.isNaN(value)) throw new Error(`not a number: ${line}`);
    values.set(key, value);
  }
  return { types, values };
}
