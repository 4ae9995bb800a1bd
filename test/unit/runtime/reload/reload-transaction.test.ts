import { expect, it } from 'vitest';

import {
  ReloadTransaction,
  type TransactionParts,
} from '../../../../src/runtime/reload/reload-transaction.ts';

it('gives up an edit whose key of sticky cookies cannot be read, as its file system hangs', async () => {
  const parts = {
    sessionKey: { of: () => new Promise<undefined>(() => undefined) },
    stopped: new AbortController().signal,
    prepareLimitMs: 10,
  } as unknown as TransactionParts;
  const candidate = {} as ConstructorParameters<typeof ReloadTransaction>[1];
  const edit = new ReloadTransaction(1, candidate, undefined, parts);
  await expect(edit.build()).rejects.toMatchObject({
    code: 'config_invalid',
    message: 'reading the key of sticky cookies takes longer than 10 ms',
  });
});
