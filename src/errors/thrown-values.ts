/** The message of anything that was thrown. Never throws. */
export function messageOf(thrown: unknown): string {
  const error = errorFrom(thrown);
  // A connect to a name with several addresses fails with one error for each, and with no message of its own.
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join(', ');
  return error.message;
}

/**
 * Turns anything that was thrown into an Error whose message and stack are texts. Never throws.
 *
 * Plugins throw strings, objects that cannot become a text, and errors whose getters throw again. Reporting such a value must
 * not fail. A value that is no Error gets no stack, because ours would lead to the wrong place.
 */
export function errorFrom(thrown: unknown): Error {
  try {
    if (!(thrown instanceof Error)) return withoutStack(String(thrown));
    const { message, stack }: { readonly message: unknown; readonly stack?: unknown } = thrown;
    const isReadable = typeof message === 'string' && (stack === undefined || typeof stack === 'string');
    return isReadable ? thrown : withoutStack(String(message));
  } catch {
    return withoutStack('something that no text can be made of');
  }
}

function withoutStack(message: string): Error {
  return Object.assign(new Error(message), { stack: '' });
}
