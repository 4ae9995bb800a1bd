import { Campaign } from './campaign.ts';
import { CLIENT_HELLO_FUZZ } from './client-hello-fuzz.ts';
import { fuzzUsage, parseOptions, type FuzzOptions } from './options.ts';
import { PROXY_HEADER_FUZZ } from './proxy-header-fuzz.ts';
import { ProxyProcess } from './proxy-process.ts';
import { fuzzReader } from './reader-fuzz.ts';
import { describeCase, failureReport, summary } from './report.ts';
import { generateCase } from './generate-case.ts';

/** Beyond so many failures more of them tell nothing new. */
const MOST_FAILURES = 200;

const options = parseOptions(process.argv.slice(2));
if (options === undefined) process.stdout.write(fuzzUsage);
else if (options.target === 'client-hello') process.stdout.write(fuzzReader(CLIENT_HELLO_FUZZ, options));
else if (options.target === 'proxy-header') process.stdout.write(fuzzReader(PROXY_HEADER_FUZZ, options));
else await fuzz(options);

async function fuzz(options: FuzzOptions): Promise<void> {
  const campaign = await Campaign.start(options.seed);
  const proxy = await ProxyProcess.start(campaign.config, 1, process.execArgv);
  let interrupted = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => (interrupted = true));
  const startedAtMs = performance.now();
  let loadMs = 0;
  try {
    await campaign.attach(proxy);
    if (options.only !== undefined) await repeat(campaign, options, options.only);
    else {
      process.stdout.write(`seed ${options.seed}, ${options.concurrency} cases at a time\n`);
      const end = options.from + options.cases;
      const goOn = (): boolean =>
        !interrupted &&
        campaign.failures.length < MOST_FAILURES &&
        performance.now() - startedAtMs < options.seconds * 1000;
      for (let next = options.from; next < end && goOn() && proxy.alive;) {
        const beginMs = performance.now();
        next = await campaign.run(next, Math.min(end, next + options.batch), options.concurrency, goOn);
        loadMs += performance.now() - beginMs;
        await campaign.settle();
      }
    }
    await campaign.settle();
  } finally {
    const exit = await proxy.stop();
    if (exit !== 0)
      campaign.failures.push({ fuzzCase: undefined, sight: undefined, why: `the proxy ended with ${exit}` });
    await campaign.close();
  }
  process.stdout.write(failureReport(campaign.failures, options));
  process.stdout.write(summary(campaign, loadMs));
  if (campaign.failures.length > 0) process.exitCode = 1;
}

async function repeat(campaign: Campaign, options: FuzzOptions, only: number): Promise<void> {
  process.stdout.write(describeCase(generateCase(options.seed, only)));
  for (let i = 0; i < options.times; i++) await campaign.run(only, only + 1, 1);
}
