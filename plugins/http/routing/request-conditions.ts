import { AddressList } from '../../../src/plugin-api/values/address-list.ts';
import type { Route, ValueCondition } from '../config/schema/options.generated.ts';
import { Pattern } from './pattern.ts';

/** Where the value of a header field is looked up. */
export interface HeaderValues {
  /** The value of the first field of that name; undefined when there is none. */
  valueOf(lowerName: string): string | undefined;
}

/** What conditions read of a request beside its host, path and header. */
export interface RequestFacts {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** The client's address, as logs show it. */
  readonly clientAddress: string;
}

/** A request for which a route is looked for. */
export interface AskedRequest {
  /** Without port and in lower case. */
  readonly host: string;
  /** As `routedPath` makes it. */
  readonly path: string;
  readonly head: HeaderValues;
  readonly facts: RequestFacts;
}

/** A condition on anything but host and path. */
export interface RequestCondition {
  /** The part of the request, as the config names it: `methods`, `header x-beta`. */
  readonly of: string;
  /** What must be there, in words of the config. Conditions with equal `of` and `wanted` are the same. */
  readonly wanted: string;
  /** What the request has there; undefined when it has nothing. */
  valueIn(asked: AskedRequest): string | undefined;
  holds(asked: AskedRequest): boolean;
}

/** The keys of a route, or of its section `not`, that are such conditions. */
type FurtherOptions = Pick<Route, 'methods' | 'headers' | 'query' | 'client_ip'>;

/**
 * The conditions of a route beside its hosts and paths, the cheap ones first.
 *
 * @param exceptions those of its section `not`
 */
export function furtherConditions(
  { methods, headers, query, client_ip: networks }: FurtherOptions,
  exceptions: readonly RequestCondition[],
): RequestCondition[] {
  return [
    ...(methods === undefined ? [] : [methodCondition(methods)]),
    ...Object.entries(headers ?? {}).map(([name, wanted]) => headerCondition(name.toLowerCase(), wanted)),
    ...Object.entries(query ?? {}).map(([name, wanted]) => queryCondition(name, wanted)),
    ...(networks === undefined ? [] : [clientCondition(networks)]),
    ...exceptions,
  ];
}

function methodCondition(methods: readonly string[]): RequestCondition {
  return {
    of: 'methods',
    wanted: methods.toSorted().join(', '),
    valueIn: ({ facts }) => facts.method,
    holds: ({ facts }) => methods.includes(facts.method),
  };
}

function headerCondition(lowerName: string, wanted: string | ValueCondition): RequestCondition {
  const takes = valueTest(wanted);
  const valueIn = ({ head }: AskedRequest): string | undefined => head.valueOf(lowerName);
  return {
    of: `header ${lowerName}`,
    wanted: wordsOf(wanted),
    valueIn,
    holds: (asked) => takes(valueIn(asked)),
  };
}

function queryCondition(name: string, wanted: string | ValueCondition): RequestCondition {
  const takes = valueTest(wanted, utf8Text);
  const valueIn = ({ facts }: AskedRequest): string | undefined => queryValue(facts.target, name);
  return { of: `query ${name}`, wanted: wordsOf(wanted), valueIn, holds: (asked) => takes(valueIn(asked)) };
}

function clientCondition(networks: readonly string[]): RequestCondition {
  const list = new AddressList(networks);
  return {
    of: 'client_ip',
    wanted: networks.join(', '),
    valueIn: ({ facts }) => facts.clientAddress,
    holds: ({ facts }) => list.has(facts.clientAddress),
  };
}

/** The first value of that name in the query of a target, decoded as forms are; undefined when there is none. */
function queryValue(target: string, name: string): string | undefined {
  const query = target.indexOf('?');
  if (query < 0) return undefined;
  return new URLSearchParams(target.slice(query + 1)).get(name) ?? undefined;
}

/** A text with one character for each byte of its UTF-8, as patterns read texts. */
function utf8Text(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/**
 * Whether a value, or that there is none, is what a condition wants.
 *
 * @param bytesOf makes the text of bytes of a value that patterns read. Default: each character is a byte already
 */
function valueTest(
  wanted: string | ValueCondition,
  bytesOf = (value: string): string => value,
): (value: string | undefined) => boolean {
  if (typeof wanted === 'string') return (value) => value === wanted;
  const { exact, regex } = wanted;
  if (exact !== undefined) return (value) => value === exact;
  if (regex !== undefined) {
    const pattern = new Pattern(regex);
    return (value) => value !== undefined && pattern.test(bytesOf(value));
  }
  const isWanted = mustBeThere(wanted);
  return (value) => (value !== undefined) === isWanted;
}

/** A condition on a value in words: the value itself, or what it must be like. */
function wordsOf(wanted: string | ValueCondition): string {
  if (typeof wanted === 'string') return wanted;
  const { exact, regex } = wanted;
  if (exact !== undefined) return exact;
  if (regex !== undefined) return `regex ${regex}`;
  return mustBeThere(wanted) ? 'present' : 'absent';
}

function mustBeThere({ present, absent }: ValueCondition): boolean {
  return present ?? absent !== true;
}
