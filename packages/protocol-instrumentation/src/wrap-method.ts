/** A method of an SDK's, whose parameters and result are the SDK's business. */
export type AnyMethod = (this: unknown, ...args: unknown[]) => unknown

/** Puts a method in the place of an object's own or inherited one; it stays as hidden as methods of classes are. */
export function wrapMethod(owner: object, name: string, wrap: (original: AnyMethod) => AnyMethod): boolean {
  const original: unknown = Reflect.get(owner, name)
  if (typeof original !== 'function') return false
  const wrapped = wrap(original as AnyMethod)
  for (const key of ['name', 'length'] as const)
    Reflect.defineProperty(wrapped, key, { value: original[key], configurable: true })
  return Reflect.defineProperty(owner, name, { value: wrapped, configurable: true, writable: true, enumerable: false })
}
