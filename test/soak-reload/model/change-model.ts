import type { SeededRandom } from '../../support/seeded-random.ts';
import { changeUpstreams } from './change-upstreams.ts';
import { changeWeb } from './change-web.ts';
import { EXTRA_PLACES, type ConfigModel, type Settings } from './config-model.ts';
import type { Places } from './render-config.ts';

/** A small change of a model; says what it did, or '' when there was nothing to do. */
export type Change = (model: ConfigModel, random: SeededRandom, places: Places) => string;

/** A few changes at once, as people make them before they save. Returns what they did. */
export function changeModel(model: ConfigModel, random: SeededRandom, places: Places): string {
  const done: string[] = [];
  const wanted = random.pick([1, 1, 1, 2, 3]);
  for (let tries = 0; done.length < wanted && tries < 10; tries += 1) {
    const what = random.pick(changes)(model, random, places);
    if (what !== '') done.push(what);
  }
  return done.join(', ');
}

const logging: Change = (model, random) => {
  model.sections['logging'] = {
    level: random.pick(['debug', 'info', 'warn', 'error']),
    format: random.pick(['json', 'text']),
    access_log: random.next() < 0.15,
    add_caller: random.next() < 0.2,
  };
  return 'logging';
};

const metrics: Change = (model, random, places) => {
  const port = random.pick([places.admin, ...places.metrics]);
  model.sections['metrics'] = {
    enabled: random.next() < 0.8,
    listen: `'127.0.0.1:${port}'`,
    path: random.pick(['/metrics', '/m']),
  };
  return 'metrics address';
};

const following: Change = (model, random) => {
  model.sections['reload'] = {
    debounce: `${random.pick([5, 10, 20, 40])}ms`,
    poll_interval: random.pick(['500ms', '1s', '2s']),
    // So long that it never ends anything.
    drain_timeout: random.pick(['0', '30m']),
    history_size: random.between(0, 20),
  };
  model.sections['shutdown'] = { timeout: `${random.between(3, 9)}s` };
  return 'reload and shutdown';
};

const flip: Change = (model) => {
  model.flip.mode = model.flip.mode === 'http' ? 'tcp' : 'http';
  return `listener flip speaks ${model.flip.mode}`;
};

const extraListeners: Change = (model, random) => {
  const place = random.between(0, EXTRA_PLACES - 1);
  const at = model.extras.findIndex((extra) => extra.place === place);
  const extra = model.extras[at];
  if (extra === undefined) {
    model.extras.push({ name: `extra-${place}`, place, mode: random.pick(['http', 'tcp']) });
    return `listener extra-${place} comes`;
  }
  if (random.next() < 0.4) {
    extra.mode = extra.mode === 'http' ? 'tcp' : 'http';
    return `listener ${extra.name} speaks ${extra.mode}`;
  }
  if (random.next() < 0.3) {
    extra.name = `extra-${place}-${model.marker}`;
    return `listener at place ${place} is ${extra.name}`;
  }
  model.extras.splice(at, 1);
  return `listener ${extra.name} goes`;
};

const raw: Change = (model, random) => {
  const tunnels = model.upstreams.filter(({ kind, name }) => kind === 'tunnel' && name !== 'unused');
  model.raw = { upstream: random.pick(tunnels).name, idle: `${random.between(5, 20)}m` };
  return 'tcp listener';
};

/** Nothing but the marker. */
const comment: Change = () => 'nothing but a comment';

const unused: Change = (model, random) => {
  const at = model.upstreams.findIndex(({ name }) => name === 'unused');
  if (at >= 0) {
    model.upstreams.splice(at, 1);
    return 'unused upstream goes';
  }
  const twin = structuredClone(random.pick(model.upstreams));
  model.upstreams.push({ ...twin, name: 'unused' });
  return 'unused upstream comes';
};

const split: Change = (model) => {
  model.isSplit = !model.isSplit;
  return model.isSplit
    ? 'an upstream moves into an included file'
    : 'an upstream moves back from an included file';
};

/** Whatever only a section of its own says. */
const settings =
  (section: string, choices: readonly (Settings | undefined)[]): Change =>
  (model, random) => {
    const choice = random.pick(choices);
    model.sections[section] = choice;
    return section;
  };

const tracing = settings('tracing', [undefined, { enabled: false }, undefined]);

const changes: readonly Change[] = [
  ...changeWeb,
  ...changeUpstreams,
  logging,
  metrics,
  following,
  flip,
  extraListeners,
  extraListeners,
  raw,
  comment,
  unused,
  split,
  tracing,
];
