import { describe, expect, it } from 'vitest';
import { shownQuery } from '../../../../plugins/http/shown-query.ts';

describe('the query that logs show', () => {
  it.each([
    ['/', ''],
    ['/?', ''],
    ['/path?page=2&sort=name', 'page=2&sort=name'],
    ['/path?debug&page=', 'debug&page='],
    ['/path?a=1;b=2', 'a=1;b=2'],
    ['/?q=a?b', 'q=a?b'],
    ['/?q=%FF%', 'q=%FF%'],
    ['/?q=\u00c3\u00a9', 'q=é'],
  ])('is that of %s as the client sent it', (target, shown) => {
    expect(shownQuery(target)).toBe(shown);
  });

  it.each([
    ['/?token=abc&page=2', 'token=***&page=2'],
    ['/?access_token=abc', 'access_token=***'],
    ['/?API-Key=abc', 'API-Key=***'],
    ['/?X-Amz-Signature=abc&X-Amz-Credential=d', 'X-Amz-Signature=***&X-Amz-Credential=***'],
    ['/?sig=abc&code=def&pwd=x', 'sig=***&code=***&pwd=***'],
    ['/?acc%65ss%5Ftok%65n=abc', 'acc%65ss%5Ftok%65n=***'],
    ['/?%FFp%61ssword=abc', '%FFp%61ssword=***'],
    ['/?user[password]=abc', 'user[password]=***'],
    ['/?password=a=b', 'password=***'],
    ['/?next=https://user:pass@a.test/', 'next=***'],
    ['/?next=https%3A%2F%2Fa.test%2F%3Ftoken%3Dabc', 'next=***'],
    [`/?${'a'.repeat(40)}`, '***'],
  ])('hides secrets: %s', (target, shown) => {
    expect(shownQuery(target)).toBe(shown);
  });

  it('is bounded', () => {
    expect(shownQuery(`/?q=${'a'.repeat(100_000)}`).length).toBe(4096);
  });
});
