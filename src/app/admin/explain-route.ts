import { AdminError } from '../../admin/endpoint/admin-error.ts';
import { jsonResponse } from '../../admin/endpoint/admin-response.ts';
import { post, type AdminRoute } from '../../admin/endpoint/admin-router.ts';
import { suggestion } from '../../config/problems/closest.ts';
import type { Explanation } from '../../runtime/explain/explanation.ts';
import { QuestionError, type ExplainQuestion } from '../../runtime/explain/explain-question.ts';

const KEYS = ['method', 'url', 'headers', 'from', 'listener'] as const;
const HEADERS_FORM = 'headers must be an object of names and values, or a list of [name, value]';

/** `POST /explain`: the way that a request would take through the live generation. It is not sent. */
export function explainRoute(proxy: {
  explain(question: ExplainQuestion): Promise<Explanation | undefined>;
}): AdminRoute {
  return post('/explain', async (request) => {
    const question = questionOf(request.json());
    const explanation = await proxy.explain(question).catch((error: unknown) => {
      throw error instanceof QuestionError ? bad(error.message) : error;
    });
    if (explanation === undefined) throw new AdminError(503, 'not_ready', 'no config is live yet');
    return jsonResponse(200, explanation);
  });
}

function questionOf(body: unknown): ExplainQuestion {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw bad('the body must be a JSON object such as {"url": "http://host/path"}');
  }
  const asked = body as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(asked)) {
    if (!KEYS.some((known) => known === key)) throw bad(`there is no key ${key}${suggestion(key, KEYS)}`);
  }
  const { headers } = asked;
  const [method, url, from, listener] = (['method', 'url', 'from', 'listener'] as const).map((key) => {
    const value = asked[key];
    if (value !== undefined && typeof value !== 'string') throw bad(`${key} must be text`);
    return value;
  });
  if (url === undefined && listener === undefined) throw bad('either url or listener must be given');
  return { method, url, from, listener, headers: headers === undefined ? undefined : headersOf(headers) };
}

function headersOf(given: unknown): [string, string][] {
  if (typeof given !== 'object' || given === null) throw bad(HEADERS_FORM);
  const pairs: unknown[] = Array.isArray(given) ? given : Object.entries(given);
  return pairs.map((pair) => {
    const [name, value, ...more] = Array.isArray(pair) ? (pair as unknown[]) : [];
    if (typeof name !== 'string' || typeof value !== 'string' || more.length > 0) throw bad(HEADERS_FORM);
    return [name, value];
  });
}

function bad(message: string): AdminError {
  return new AdminError(400, 'bad_question', message);
}
