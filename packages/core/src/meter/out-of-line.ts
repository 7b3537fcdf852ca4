/**
 * Returns a function that does the same, and that V8 never inlines, as it does not look through proxies. For what runs rarely
 * beside what runs always: the room for inlined code is small, and what is inlined first takes it.
 */
export function outOfLine<F extends (...args: never[]) => unknown>(run: F): F {
  return new Proxy(run, {})
}
