/** What a session application answers. */
export interface SessionAnswer {
  readonly status: number;
  readonly node: string;
  readonly user?: string;
  readonly visits?: number;
}

/** A client with cookies of its own. Each of its requests comes by a connection of its own, so that any worker may serve it. */
export class CookieJar {
  readonly cookies = new Map<string, string>();

  async ask(url: string, method = 'GET'): Promise<SessionAnswer> {
    const cookie = Array.from(this.cookies, ([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, {
      method,
      headers: { connection: 'close', ...(cookie === '' ? {} : { cookie }) },
    });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const end = pair.indexOf('=');
      this.cookies.set(pair.slice(0, end), pair.slice(end + 1));
    }
    const body = (await response.json()) as Omit<SessionAnswer, 'status'>;
    return { status: response.status, ...body };
  }
}
