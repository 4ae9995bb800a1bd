import type { CookieRewrite, Transform } from '../config/schema/options.generated.ts';
import type { ResponseHead } from '../message/message-head.ts';
import type { FieldEdit } from './field-edits.ts';
import { Template, type TemplateValues } from './template.ts';

const LOCATIONS = ['Location', 'Content-Location'] as const;
/** A Refresh field: a number of seconds, and the URL behind `url=`, which may stand in quotes. */
const REFRESH = /^(\s*\d+(?:\.\d*)?\s*[;,]\s*url\s*=\s*["']?)(.*)$/i;

interface Replacement {
  readonly from: string;
  readonly to: Template;
}

/** Rewrites URLs and cookies in the responses of backends, as the transforms of a route say. */
export class ResponseRewrite {
  readonly #locations: readonly Replacement[];
  readonly #cookies: readonly CookieRewrite[];

  private constructor(locations: readonly Replacement[], cookies: readonly CookieRewrite[]) {
    this.#locations = locations;
    this.#cookies = cookies;
  }

  /**
   * undefined when there is nothing to rewrite.
   *
   * @param transforms those of the listener, and then those of the route, which come first
   */
  static of(transforms: readonly (Transform | undefined)[]): ResponseRewrite | undefined {
    const given = transforms.toReversed();
    const locations = given
      .flatMap((transform) => transform?.locations ?? [])
      .map(({ from, to }) => ({ from, to: Template.parse(to) }));
    // The route has the last word.
    const cookies = transforms.flatMap((transform) =>
      transform?.cookie_rewrites === undefined ? [] : [transform.cookie_rewrites],
    );
    return locations.length + cookies.length === 0 ? undefined : new ResponseRewrite(locations, cookies);
  }

  /** The changes that a response needs; empty for most. */
  editsOf(head: ResponseHead, values: TemplateValues): FieldEdit[] {
    const edits: FieldEdit[] = [];
    if (this.#locations.length > 0) this.#rewriteUrls(head, values, edits);
    if (this.#cookies.length > 0) this.#rewriteCookies(head, edits);
    return edits;
  }

  #rewriteUrls(head: ResponseHead, values: TemplateValues, edits: FieldEdit[]): void {
    for (const name of LOCATIONS) {
      const field = head.find(name.toLowerCase());
      const url = field < 0 ? undefined : this.#moved(head.valueText(field), values);
      if (url !== undefined) edits.push({ action: 'set', name, value: url });
    }
    const field = head.find('refresh');
    const [, start = '', url = ''] = (field < 0 ? null : REFRESH.exec(head.valueText(field))) ?? [];
    const moved = start === '' ? undefined : this.#moved(url, values);
    if (moved !== undefined) edits.push({ action: 'set', name: 'Refresh', value: start + moved });
  }

  /** The URL with its new beginning; undefined when no entry is the beginning of it. */
  #moved(url: string, values: TemplateValues): string | undefined {
    const found = this.#locations.find(({ from }) => beginsWith(url, from));
    return found && found.to.render(values) + url.slice(found.from.length);
  }

  #rewriteCookies(head: ResponseHead, edits: FieldEdit[]): void {
    const cookies: string[] = [];
    for (let field = head.find('set-cookie'); field >= 0; field = head.find('set-cookie', field + 1))
      cookies.push(head.valueText(field));
    const rewritten = cookies.map((cookie) => this.#cookies.reduce(rewriteCookie, cookie));
    if (rewritten.every((cookie, index) => cookie === cookies[index])) return;
    edits.push({ action: 'remove', name: 'Set-Cookie', value: '' });
    for (const value of rewritten) edits.push({ action: 'add', name: 'Set-Cookie', value });
  }
}

/** Whether a URL begins with a text that ends where a part of a URL ends. */
function beginsWith(url: string, from: string): boolean {
  if (!url.startsWith(from)) return false;
  const next = url[from.length];
  return from.endsWith('/') || next === undefined || next === '/' || next === '?' || next === '#';
}

/** Applies one section to a cookie. Attributes that the section does not name stay as the backend wrote them. */
function rewriteCookie(cookie: string, rules: CookieRewrite): string {
  const [pair = '', ...attributes] = cookie.split(';');
  const kept = attributes.flatMap((attribute) => {
    const equals = attribute.indexOf('=');
    const name = (equals < 0 ? attribute : attribute.slice(0, equals)).trim().toLowerCase();
    const value = equals < 0 ? '' : attribute.slice(equals + 1).trim();
    return rewriteAttribute(attribute, name, value, rules);
  });
  if (rules.secure === true) kept.push(' Secure');
  if (rules.http_only === true) kept.push(' HttpOnly');
  if (rules.same_site !== undefined) kept.push(` SameSite=${SAME_SITE[rules.same_site]}`);
  return [pair, ...kept].join(';');
}

const SAME_SITE = { strict: 'Strict', lax: 'Lax', none: 'None' } as const;

function rewriteAttribute(attribute: string, name: string, value: string, rules: CookieRewrite): string[] {
  if (name === 'domain') return rewriteDomain(attribute, value, rules);
  if (name === 'path') return [rewritePath(attribute, value, rules)];
  const isReplaced =
    (name === 'secure' && rules.secure !== undefined) ||
    (name === 'httponly' && rules.http_only !== undefined) ||
    (name === 'samesite' && rules.same_site !== undefined);
  return isReplaced ? [] : [attribute];
}

function rewriteDomain(attribute: string, value: string, { domain: domains = {} }: CookieRewrite): string[] {
  const given = plainDomain(value);
  const [, to] = Object.entries(domains).find(([from]) => plainDomain(from) === given) ?? [];
  if (to === undefined) return [attribute];
  return to === '' ? [] : [` Domain=${to}`];
}

function plainDomain(domain: string): string {
  return domain.replace(/^\./, '').toLowerCase();
}

function rewritePath(attribute: string, value: string, { path: paths = {} }: CookieRewrite): string {
  const [from, to] = Object.entries(paths).find(([start]) => beginsWith(value, start)) ?? [];
  if (from === undefined || to === undefined) return attribute;
  const rest = value.slice(from.length);
  const joined = to.endsWith('/') && rest.startsWith('/') ? to + rest.slice(1) : to + rest;
  return ` Path=${joined}`;
}
