type Method = (this: never, ...args: never[]) => unknown

/**
 * Puts a function in the place of a method of a prototype, or of one object, by the same name and length; what has no such
 * method is left as it is.
 */
export function wrapMethod<M extends Method>(target: object, name: string, wrap: (original: M) => M): void {
  const original: unknown = Reflect.get(target, name)
  if (typeof original !== 'function') return
  const wrapper = wrap(original as M)
  Object.defineProperty(wrapper, 'name', { value: original.name, configurable: true })
  Object.defineProperty(wrapper, 'length', { value: original.length, configurable: true })
  const enumerable = Object.getOwnPropertyDescriptor(target, name)?.enumerable ?? false
  Object.defineProperty(target, name, { value: wrapper, writable: true, configurable: true, enumerable })
}

/** Returns whether this is the first call for a target, its prototypes included, by whichever build of the package. */
export function isFirstTime(target: object, mark: string): boolean {
  const key = Symbol.for(`@mcp/otel/${mark}`)
  if (key in target) return false
  Object.defineProperty(target, key, { value: true })
  return true
}
