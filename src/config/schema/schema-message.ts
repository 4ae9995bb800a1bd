import type { ErrorObject } from 'ajv/dist/2020.js';
import { messageOf } from '../../errors.ts';
import { suggestion } from '../problems/closest.ts';
import { FORMATS } from './formats.ts';
import { KEYS_OF_FILTERS, KEYS_OF_UPSTREAMS, PLANNED_KEYS } from '../problems/planned-keys.ts';
import { NAMES_ELSEWHERE, NAMES_IN_SECTION, ON_BY_DEFAULT, pathsOfKey } from './known-elsewhere.ts';
import type { SchemaNode } from './schema.ts';
import { slipHint } from '../problems/slip-hint.ts';
import { oddSpaceIn } from '../problems/yaml-fault.ts';

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping of keys to values',
};

/** What others write at a backend that is to get no traffic. */
const STATES_BY_HAND: ReadonlySet<string> = new Set([
  'disabled',
  'down',
  'drain',
  'enabled',
  'maintenance',
  'state',
]);

/** Says in plain words what is allowed where a schema keyword is violated. Never repeats the value. */
export function schemaMessage(error: ErrorObject): string {
  const params = error.params as Record<string, unknown>;
  const parent = error.parentSchema as SchemaNode | undefined;
  const format = parent?.format === undefined ? undefined : FORMATS[parent.format];
  // A section may stand in the place of a text of some format.
  if (format !== undefined && error.keyword === 'required' && typeof error.data === 'object')
    return `must have the key ${String(params['missingProperty'])}`;
  if (format !== undefined && error.keyword !== 'additionalProperties')
    return formatMessage(error, format.expected) + hintOf(error, parent);
  switch (error.keyword) {
    case 'type':
      return typeMessage(parent?.type, error.data) + hintOf(error, parent);
    case 'additionalProperties':
      return unknownKeyMessage(String(params['additionalProperty']), parent, error.instancePath);
    case 'required':
      return `must have the key ${String(params['missingProperty'])}`;
    case 'enum':
      return enumMessage(params['allowedValues'], error.data);
    case 'const':
      return `must be ${String(params['allowedValue'])} here`;
    case 'minimum':
    case 'maximum':
      return `must be ${String(params['comparison'])} ${String(params['limit'])}`;
    case 'minLength': {
      const least = Number(params['limit']);
      return least === 1 ? 'must not be empty' : `must have at least ${least} characters`;
    }
    case 'minItems':
      return 'must have at least one item';
    case 'uniqueItems':
      return 'must not have the same item twice';
    case 'dependentRequired':
      return `needs ${String(params['missingProperty'])} beside it`;
    case 'false schema':
      return `can't be used together with ${neighbourOf(error.schemaPath)}`;
    default:
      return error.message ?? 'is not allowed';
  }
}

function hintOf({ data, instancePath }: ErrorObject, parent: SchemaNode | undefined): string {
  const type = parent?.type;
  const [under = ''] = instancePath
    .split('/')
    .filter((part) => part !== '' && !/^\d+$/.test(part))
    .slice(-1);
  return slipHint({
    value: data,
    types: typeof type === 'string' ? [type] : (type ?? []),
    format: parent?.format,
    fitsQuoted: fitsQuoted(data, parent?.format),
    under,
  });
}

function fitsQuoted(value: unknown, format: string | undefined): boolean {
  // Some formats mention quotes already in what they expect.
  if (format === undefined || FORMATS[format]?.expected.includes('in quotes') === true) return false;
  if (typeof value !== 'number' && typeof value !== 'boolean') return false;
  try {
    FORMATS[format]?.parse(String(value));
    return true;
  } catch {
    return false;
  }
}

function formatMessage(error: ErrorObject, expected: string): string {
  if (error.keyword !== 'format' || typeof error.data !== 'string') return `must be ${expected}`;
  try {
    FORMATS[String((error.params as Record<string, unknown>)['format'])]?.parse(error.data);
  } catch (thrown) {
    return messageOf(thrown);
  }
  return `must be ${expected}`;
}

function typeMessage(type: SchemaNode['type'], value: unknown): string {
  const types = typeof type === 'string' ? [type] : (type ?? []);
  const wanted = `must be ${types.map((name) => TYPE_WORDS[name] ?? name).join(' or ')}`;
  if (value === null) return `${wanted}, but is empty`;
  if (types.includes('string') && (typeof value === 'number' || typeof value === 'boolean')) {
    return `${wanted}: put it in quotes`;
  }
  const quoted = typeof value === 'string' && /^(\d+(\.\d+)?|true|false)$/.test(value);
  return quoted && !types.includes('object') && !types.includes('array')
    ? `${wanted}, without quotes`
    : wanted;
}

function unknownKeyMessage(key: string, section: SchemaNode | undefined, pointer: string): string {
  const known = Object.keys(section?.properties ?? {});
  if (PLANNED_KEYS.has(key)) return 'is not supported yet';
  const filter = KEYS_OF_FILTERS.get(key);
  if (filter !== undefined)
    return `is not a known key; it is a filter here: write it as filters: [{ use: ${filter}, … }] of http or of a route`;
  if (STATES_BY_HAND.has(key) && /^(\/upstreams\/\d+)?\/backends\/\d+$/.test(pointer))
    return 'is not a known key; weight: 0 keeps new clients away, and the command balance backends disable NAME takes the backend out';
  const there = KEYS_OF_UPSTREAMS.get(key);
  if (there !== undefined) return `is not allowed here: write ${there} of an upstream instead`;
  const odd = oddSpaceIn(key);
  if (odd !== '') return odd;
  // A route of the flat or gateway form, with the key that routes of listeners have.
  if (key === 'upstream' && known.includes('backends'))
    return 'is a key of files with listeners and upstreams; here a route names its backends instead';
  if (key === 'proxy_protocol' && /^\/(admin|metrics)$/.test(pointer))
    return 'is not allowed here: only listeners read PROXY headers, and this server does not';
  if (key === 'backend' && /^\/listeners\/\d+\/tls$/.test(pointer))
    return 'is not a known key here; write tls of an upstream instead';
  const opposite = ON_BY_DEFAULT.get(key);
  if (opposite !== undefined && known.includes(opposite))
    return `is not a known key; this is on by default, and only ${opposite}: true turns it off`;
  const called = NAMES_ELSEWHERE.get(key);
  const calledAt = called === undefined ? '' : pathsOfKey(called, section, pointer);
  if (calledAt !== '') return `is not a known key; this proxy calls it ${calledAt}`;
  const nearby = NAMES_IN_SECTION.get(key)?.find((ours) => known.includes(ours));
  if (nearby !== undefined) return `is not a known key; here it is called ${nearby}`;
  const hint = suggestion(key, known);
  if (hint !== '') return `is not a known key${hint}`;
  const place = NAMES_IN_SECTION.has(key) ? '' : pathsOfKey(key, section, pointer);
  if (place !== '') return `is not a known key here; its place is ${place}`;
  return `is not a known key; known here: ${known.join(', ')}`;
}

function enumMessage(allowed: unknown, value: unknown): string {
  const words = Array.isArray(allowed) ? [...new Set(allowed.map(String))] : [];
  const hint = typeof value === 'string' ? suggestion(value, words) : '';
  return `must be one of ${words.join(', ')}${hint}`;
}

/** The key that forbids the other one, from a schema path such as `#/dependentSchemas/listeners/properties/mode/false schema`. */
function neighbourOf(schemaPath: string): string {
  return /dependentSchemas\/([^/]+)/.exec(schemaPath)?.[1] ?? 'what is beside it';
}
