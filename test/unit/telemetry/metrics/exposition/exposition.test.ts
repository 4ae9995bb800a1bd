import { describe, expect, it } from 'vitest';
import { DurationHistogram } from '../../../../../src/telemetry/metrics/exposition/duration-histogram.ts';
import {
  labelText,
  writeExposition,
  type MetricFamily,
} from '../../../../../src/telemetry/metrics/exposition/exposition.ts';

function histogramFamily(): MetricFamily {
  const histogram = new DurationHistogram([0.5, 2]);
  histogram.observe(0.5);
  histogram.observe(7);
  return {
    name: 'wait_seconds',
    type: 'histogram',
    help: 'Waits.',
    series: [{ labels: 'a="b"', histogram }],
  };
}

const FAMILIES: readonly MetricFamily[] = [
  {
    name: 'things_total',
    type: 'counter',
    help: 'With a "quote", a \\ and a\nline feed.',
    series: [
      { labels: labelText({ name: 'a"b\\c\nd', other: 'ü' }), value: 3 },
      { labels: '', value: 1e21 },
    ],
  },
  {
    name: 'level',
    type: 'gauge',
    help: 'Odd numbers.',
    series: [NaN, Infinity, -Infinity].map((value, n) => ({ labels: `n="${n}"`, value })),
  },
];

describe('an exposition', () => {
  it('is in the text format of Prometheus', async () => {
    const text = (await writeExposition([...FAMILIES, histogramFamily()], 'prometheus')).toString();
    expect(text.split('\n')).toEqual([
      '# HELP things_total With a "quote", a \\\\ and a\\nline feed.',
      '# TYPE things_total counter',
      'things_total{name="a\\"b\\\\c\\nd",other="ü"} 3',
      'things_total 1e+21',
      '# HELP level Odd numbers.',
      '# TYPE level gauge',
      'level{n="0"} NaN',
      'level{n="1"} +Inf',
      'level{n="2"} -Inf',
      '# HELP wait_seconds Waits.',
      '# TYPE wait_seconds histogram',
      'wait_seconds_bucket{a="b",le="0.5"} 1',
      'wait_seconds_bucket{a="b",le="2.0"} 1',
      'wait_seconds_bucket{a="b",le="+Inf"} 2',
      'wait_seconds_sum{a="b"} 7.5',
      'wait_seconds_count{a="b"} 2',
      '',
    ]);
  });

  it('is in OpenMetrics, where counters have their suffix at the samples only', async () => {
    const text = (await writeExposition(FAMILIES, 'openmetrics')).toString();
    expect(text.split('\n')).toEqual([
      '# HELP things With a \\"quote\\", a \\\\ and a\\nline feed.',
      '# TYPE things counter',
      'things_total{name="a\\"b\\\\c\\nd",other="ü"} 3',
      'things_total 1e+21',
      '# HELP level Odd numbers.',
      '# TYPE level gauge',
      'level{n="0"} NaN',
      'level{n="1"} +Inf',
      'level{n="2"} -Inf',
      '# EOF',
      '',
    ]);
  });

  it('lets others run while it writes many series', async () => {
    let others = 0;
    let isOver = false;
    const count = (): void => {
      others++;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    const slow = function* () {
      for (let n = 0; n < 1000; n++) {
        const until = performance.now() + 0.1;
        while (performance.now() < until);
        yield { labels: `n="${n}"`, value: n };
      }
    };
    const text = await writeExposition(
      [{ name: 'x', type: 'gauge', help: 'X.', series: slow() }],
      'prometheus',
    );
    isOver = true;
    expect(text.toString().match(/^x\{/gm)).toHaveLength(1000);
    expect(others).toBeGreaterThanOrEqual(10);
  });
});
