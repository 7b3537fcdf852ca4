/**
 * Lays own, hidden properties over those of an object; returns what takes them away again, `undefined` when the object
 * cannot be changed.
 */
export function overlay(target: object, properties: ReadonlyMap<string, unknown>): (() => void) | undefined {
  const undo: (() => void)[] = []
  const restore = (): void => {
    for (const step of undo.splice(0)) step()
  }
  for (const [key, value] of properties) {
    const before = Reflect.getOwnPropertyDescriptor(target, key)
    const attributes = { value, enumerable: before?.enumerable ?? false, configurable: true, writable: true }
    if (!defines(target, key, attributes)) {
      restore()
      return undefined
    }
    undo.push(() => {
      if (Reflect.getOwnPropertyDescriptor(target, key)?.value !== value) return
      if (before === undefined) Reflect.deleteProperty(target, key)
      else defines(target, key, before)
    })
  }
  return restore
}

function defines(target: object, key: string, attributes: PropertyDescriptor): boolean {
  try {
    return Reflect.defineProperty(target, key, attributes)
  } catch {
    // A Proxy of the application's refused.
    return false
  }
}
