import { describe, expect, it } from 'vitest';

import { TEMPLATE_VARIABLES } from '../../../../../plugins/http/forwarding/template.ts';
import { Template, type TemplateValues } from '../../../../../plugins/http/forwarding/template.ts';

const VALUES: TemplateValues = {
  clientAddress: '10.0.0.1',
  requestId: 'id-1',
  backendName: 'b1',
  host: 'a.test',
  method: 'GET',
  path: '/p',
  routeName: 'r1',
  elapsedMs: 12.7,
};

describe('a template', () => {
  it.each([
    ['plain', 'plain'],
    ['', ''],
    ['${duration}', '12.7ms'],
    [
      '${client_ip} ${request_id} ${backend} ${host} ${method} ${path} ${route}',
      '10.0.0.1 id-1 b1 a.test GET /p r1',
    ],
    ['a${host}${host}b', 'aa.testa.testb'],
    ['$host {host} $${host}', '$host {host} $a.test'],
    ['${host', '${host'],
  ])('%s becomes %s', (text, wanted) => {
    expect(Template.parse(text).render(VALUES)).toBe(wanted);
  });

  it.each([
    [150.4, '150ms'],
    [1520, '1.52s'],
    [90_000, '1m30s'],
  ])('writes a duration of %d ms as logs do: %s', (elapsedMs, wanted) => {
    expect(Template.parse('${duration}').render({ ...VALUES, elapsedMs })).toBe(wanted);
  });

  it.each(['${nope}', '${}', '${toString}', '${Host}'])('refuses what it does not know: %s', (text) => {
    expect(() => Template.parse(text)).toThrow(/unknown variable .*known are duration, client_ip/);
  });

  it('says whether it needs the backend', () => {
    expect(Template.parse('${host}').needsBackend).toBe(false);
    expect(Template.parse('x${backend}').needsBackend).toBe(true);
  });
});

it('knows exactly the variables that the config allows', () => {
  const list = /known are (.*)$/;
  expect(() => Template.parse('${none}')).toThrow(list);
  try {
    Template.parse('${none}');
  } catch (error) {
    const known = list.exec((error as Error).message)![1]!.split(', ');
    expect(known).toEqual([...TEMPLATE_VARIABLES]);
  }
});
