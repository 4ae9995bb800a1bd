import { describe, expect, it } from 'vitest';

import { FieldEdits } from '../../../../../plugins/http/forwarding/field-edits.ts';
import type { TemplateValues } from '../../../../../plugins/http/forwarding/template.ts';

const VALUES: TemplateValues = {
  clientAddress: '192.0.2.1',
  requestId: 'id-1',
  backendName: 'one',
  host: 'example.test',
  method: 'GET',
  path: '/',
  routeName: 'all',
  elapsedMs: 5,
  tls: undefined,
  proxy: undefined,
};

describe('edits of a header', () => {
  it('are none without transforms', () => {
    expect(FieldEdits.ofTransforms([], true)).toBeUndefined();
  });

  it('apply in order: what sets or removes a field undoes what was added before', () => {
    const edits = FieldEdits.ofTransforms(
      [
        { action: 'add', name: 'X-A', value: 'one' },
        { action: 'set', name: 'x-a', value: 'two' },
        { action: 'add', name: 'X-A', value: 'three' },
        { action: 'add', name: 'X-B', value: 'four' },
        { action: 'remove', name: 'X-B' },
      ],
      false,
    );
    expect(edits?.earlyLines(VALUES)).toBe('x-a: two\r\nX-A: three\r\n');
    expect([...(edits?.removed ?? [])]).toEqual(['x-a', 'x-b']);
  });

  it('keep lines that name the backend for later', () => {
    const edits = FieldEdits.ofTransforms([{ action: 'add', name: 'X-B', value: 'to ${backend}' }], false);
    expect(edits?.earlyLines(VALUES)).toBe('');
    expect(edits?.lateLines(VALUES)).toBe('X-B: to one\r\n');
  });
});

describe('edits of filters', () => {
  const route = FieldEdits.ofTransforms([{ action: 'set', name: 'X-A', value: '${client_ip}' }], false);

  it('come before those of the route, which have the last word', () => {
    const edits = FieldEdits.ofFilters(
      [
        { action: 'add', name: 'x-a', value: 'filter' },
        { action: 'add', name: 'x-c', value: 'filter' },
      ],
      route,
      false,
    );
    expect(edits.earlyLines(VALUES)).toBe('x-c: filter\r\nX-A: 192.0.2.1\r\n');
  });

  it('are plain text: variables mean nothing in them', () => {
    const edits = FieldEdits.ofFilters(
      [{ action: 'set', name: 'x', value: '${path} ${nonsense' }],
      undefined,
      false,
    );
    expect(edits.earlyLines(VALUES)).toBe('x: ${path} ${nonsense\r\n');
  });
});
