import { Agent } from 'node:http';

import { isServing, upstreamOf, type ConfigModel } from '../model/config-model.ts';
import { ask, checkWebAnswer, randomRequest, type WebAnswer } from './web-request.ts';
import { TrafficFault, type Act, type TrafficKind, type Visit } from './visit.ts';

/** HTTP in all manners, through the web listener and through those that come, go and change their protocol. */
export function httpClients(): { kinds: TrafficKind[]; close: () => void } {
  const agent = new Agent({ keepAlive: true, maxSockets: 64, keepAliveMsecs: 60_000 });
  const kinds: TrafficKind[] = [
    { name: 'HTTP keep-alive', clients: 8, restMs: 50, act: web(() => agent, false) },
    { name: 'HTTP, a connection each', clients: 4, restMs: 60, act: web(() => false, false) },
    {
      name: 'HTTP, slow answers',
      clients: 4,
      restMs: 100,
      act: web((random) => (random < 0.5 ? agent : false), true),
    },
    { name: 'listener that changes its protocol', clients: 3, restMs: 80, act: flip },
    { name: 'listeners that come and go', clients: 3, restMs: 80, act: extra },
  ];
  return { kinds, close: () => agent.destroy() };
}

const nonceOf = ({ random }: Visit): string => random.between(0, 2 ** 31).toString(36);

function web(agentFor: (random: number) => Agent | false, slow: boolean): Act {
  return async (visit) => {
    const { random, places, journal } = visit;
    const request = randomRequest(random, slow);
    const begunAtMs = performance.now();
    const answer = await ask(places.web, request, agentFor(random.next()), nonceOf(visit));
    checkWebAnswer(request, answer, journal, begunAtMs);
    return 1;
  };
}

/** Its address is there all the time; what it speaks must be what some live config says. */
const flip: Act = async (visit) => {
  const request = randomRequest(visit.random, false);
  const begunAtMs = performance.now();
  const answer = await ask(visit.places.flip, request, false, nonceOf(visit));
  checkSideAnswer(visit, answer, begunAtMs, (model) => model.flip.mode);
  return 1;
};

/** It may be refused only when a config without it may have been live. */
const extra: Act = async (visit) => {
  const { random, places, journal } = visit;
  const place = random.between(0, places.extras.length - 1);
  const modeIn = (model: ConfigModel): 'http' | 'tcp' | undefined =>
    model.extras.find((one) => one.place === place)?.mode;
  const request = randomRequest(random, false);
  const begunAtMs = performance.now();
  const port = places.extras[place] ?? 0;
  try {
    const answer = await ask(port, request, false, nonceOf(visit));
    checkSideAnswer(visit, answer, begunAtMs, modeIn);
  } catch (error) {
    const mayBeGone = journal.possibleSince(begunAtMs).some((model) => modeIn(model) === undefined);
    const isConnection = error instanceof TrafficFault && /refused connect|failed request/.test(error.kind);
    if (!mayBeGone || !isConnection) throw error;
  }
  return 1;
};

/** In http it names its generation; in tcp it can't, and any config that may have been live will do. */
function checkSideAnswer(
  { journal }: Visit,
  { told, headers }: WebAnswer,
  begunAtMs: number,
  modeIn: (model: ConfigModel) => 'http' | 'tcp' | undefined,
): void {
  const marker = headers['x-generation'];
  const candidates =
    marker === undefined
      ? journal.possibleSince(begunAtMs).filter((model) => modeIn(model) === 'tcp')
      : [judged(journal, Number(marker), begunAtMs)].filter((model) => modeIn(model) === 'http');
  const serves = (model: ConfigModel): boolean =>
    upstreamOf(model, model.web.upstream).backends.some(
      (one) => one.server === told.server && isServing(one),
    );
  if (!candidates.some(serves))
    throw new TrafficFault(
      'wrong answer',
      `${told.server} answered under generation ${String(marker)}: none of ${candidates.length} possible configs says so`,
    );
}

function judged(journal: Visit['journal'], marker: number, begunAtMs: number): ConfigModel {
  try {
    return journal.judge(marker, begunAtMs).model;
  } catch (error) {
    throw new TrafficFault('wrong answer', error instanceof Error ? error.message : String(error));
  }
}
