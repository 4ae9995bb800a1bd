import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { runBig } from './big.ts';
import type { BigShape } from './big-config.ts';
import type { Journal } from './edits/journal.ts';
import type { ConfigModel } from './model/config-model.ts';
import { renderConfig } from './model/render-config.ts';
import { parseOptions, soakReloadUsage, type SoakReloadOptions } from './options.ts';
import { sampleLine, stallReport, trafficReport, verdictTable } from './report.ts';
import { Scene } from './scene.ts';
import { runSoak } from './soak-run.ts';
import { ProcessTarget } from './target/process-target.ts';
import { verdict, WARM_FROM, type Line } from './verdict.ts';

const BIG_SHAPES: readonly BigShape[] = [
  { upstreams: 50, algorithm: 'weighted-round-robin', healthChecks: false },
  { upstreams: 50, algorithm: 'weighted-round-robin', healthChecks: true },
  { upstreams: 1, algorithm: 'consistent-hash', healthChecks: false },
  { upstreams: 1, algorithm: 'maglev', healthChecks: false },
];

const options = parseOptions(process.argv.slice(2));
if (options === undefined) process.stdout.write(soakReloadUsage);
else if (options.big) await big(options);
else await soak(options);

async function big({ seed, keep }: SoakReloadOptions): Promise<void> {
  const scene = await Scene.open();
  try {
    const lines: Line[] = [];
    for (const shape of BIG_SHAPES) lines.push(...(await runBig(scene, seed, shape, print)));
    conclude('large config', lines);
  } finally {
    await scene.close(keep);
  }
}

async function soak({ seed, rate, load, workers, seconds, keep }: SoakReloadOptions): Promise<void> {
  const scene = await Scene.open(true, workers);
  try {
    const target = await ProcessTarget.start({
      configFile: scene.file.path,
      adminPort: scene.places.admin,
      stallLog: join(scene.folder, 'stalls'),
      log: join(scene.folder, 'balance.log'),
    });
    try {
      const every = Math.max(1, Math.round(seconds / 20));
      let samples = 0;
      const startedAtMs = Date.now();
      const descriptors = target.descriptors();
      const result = await runSoak(scene, target, {
        seed,
        rate,
        load,
        seconds,
        onSample: (sample) => {
          samples += 1;
          if (samples % every === 0) print(sampleLine(sample));
        },
      });
      const last = result.after.at(-1);
      if (last !== undefined) print(`at rest: ${sampleLine(last)}`);
      const { faults } = target;
      const stalls = target.stalls.filter(({ atMs }) => atMs >= startedAtMs);
      print(`descriptors before: ${kindsText(descriptors)}; at rest: ${kindsText(target.descriptors())}`);
      const exit = await target.stop();
      print(`\n${trafficReport(result)}`);
      print(stallReport(stalls));
      for (const fault of faults.slice(0, 20)) print(`proxy: ${fault}`);
      const warmAtMs = startedAtMs + seconds * 1000 * WARM_FROM;
      const warm = stalls.filter(({ atMs }) => atMs >= warmAtMs);
      const lines = verdict({ result, faults, process: { exit, stalls: warm } });
      conclude(workers > 1 ? `seed ${seed}, ${workers} workers` : `seed ${seed}`, lines);
      if (keep) writeEdits(scene, result.journal);
    } finally {
      await target.stop();
    }
  } finally {
    await scene.close(keep);
  }
}

/** One file an edit, and a line for each that says when it was live. */
function writeEdits({ folder, places }: Scene, { edits }: Journal<ConfigModel>): void {
  mkdirSync(join(folder, 'edits'));
  const clock = (ms: number | undefined): string =>
    ms === undefined || ms === Infinity
      ? '-'
      : new Date(performance.timeOrigin + ms).toISOString().slice(11, 23);
  const lines = edits.map(
    ({ marker, what, model, writtenAtMs, liveAtMs, supersededAtMs }) =>
      `${marker} ${model === undefined ? 'invalid' : 'valid'} written ${clock(writtenAtMs)} live ${clock(liveAtMs)} superseded ${clock(supersededAtMs)}: ${what}`,
  );
  writeFileSync(join(folder, 'edits', 'index'), `${lines.join('\n')}\n`);
  for (const { marker, model } of edits)
    if (model !== undefined)
      writeFileSync(join(folder, 'edits', `${marker}.yaml`), renderConfig(model, places));
  print(`log and edits are in ${folder}`);
}

function kindsText(kinds: ReadonlyMap<string, number>): string {
  return [...kinds].map(([kind, count]) => `${count} ${kind}`).join(', ');
}

function conclude(title: string, lines: readonly Line[]): void {
  print(`\n${verdictTable(title, lines)}`);
  if (lines.some(({ passed }) => !passed)) process.exitCode = 1;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
