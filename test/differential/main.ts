import { writeFileSync } from 'node:fs';

import { allCases, sampleOf } from './cases/all-cases.ts';
import { allResponseCases } from './cases/response-cases.ts';
import { runRequests, runResponses, type Comparison } from './differential-run.ts';
import { parseOptions, usage, type DifferentialOptions } from './options.ts';
import { balance } from './proxies/balance.ts';
import { haproxy } from './proxies/haproxy.ts';
import { nginx } from './proxies/nginx.ts';
import type { ProxyKind, ProxyUnderTest } from './proxies/proxy.ts';
import { caseText, countsTable, dangerousCount, disagreementsTable, findingsTable } from './report.ts';

const LANES = 8;
const PEERS: readonly ProxyKind[] = [nginx, haproxy];

const options = parseOptions(process.argv.slice(2));
if (options === undefined) process.stdout.write(usage);
else await run(options);

async function run(options: DifferentialOptions): Promise<void> {
  const proxies = await startAll(options);
  try {
    if (options.index === undefined) await runEverything(proxies, options);
    else await runOne(proxies, options.index);
  } finally {
    for (const proxy of proxies) await proxy.close();
  }
}

async function startAll(options: DifferentialOptions): Promise<ProxyUnderTest[]> {
  const proxies = [await balance.start(LANES)];
  print(`- balance: ${balance.version() ?? ''}`);
  for (const kind of PEERS) {
    if (!options.peers.includes(kind.name)) continue;
    const version = kind.version();
    if (version === undefined) {
      print(`- ${kind.name} is not installed: left out`);
      continue;
    }
    proxies.push(await kind.start(LANES));
    print(`- ${version}`);
  }
  return proxies;
}

async function runEverything(
  proxies: readonly ProxyUnderTest[],
  options: DifferentialOptions,
): Promise<void> {
  const { only, step, json } = options;
  const chosen = <Case extends { family: string }>(cases: readonly Case[]): Case[] =>
    sampleOf(cases, step).filter(({ family }) => only.length === 0 || only.includes(family));
  const requests = await runRequests(proxies, chosen(allCases()));
  describe('Requests', requests, proxies);
  const responses = await runResponses(proxies, chosen(allResponseCases()));
  describe('Responses', responses, proxies);
  if (json !== undefined) writeFileSync(json, JSON.stringify({ requests, responses }, undefined, 1));
  if (dangerousCount([...requests, ...responses], 'balance') > 0) process.exitCode = 1;
}

async function runOne(proxies: readonly ProxyUnderTest[], index: number): Promise<void> {
  const found = await runRequests(
    proxies,
    allCases().filter((attempt) => attempt.index === index),
  );
  for (const one of found) print(caseText(one));
}

function describe(
  title: string,
  comparisons: readonly Comparison[],
  proxies: readonly ProxyUnderTest[],
): void {
  const dangerous = proxies
    .map(({ name }) => `${name} ${String(dangerousCount(comparisons, name))}`)
    .join(', ');
  print(`\n## ${title}\n\n${countsTable(comparisons)}\n\nCases with something dangerous: ${dangerous}.\n`);
  print(`### Findings\n\n${findingsTable(comparisons)}\n`);
  if (proxies.length > 1) print(`### Disagreements\n\n${disagreementsTable(comparisons)}\n`);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
