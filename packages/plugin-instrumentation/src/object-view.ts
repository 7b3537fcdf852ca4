import type { AnyFunction } from './measured-function.ts'

/** What a view shows in place of the value of a property. */
export type Replace = (key: string | symbol, value: object, view: object) => unknown

/**
 * Returns a view of an object that shows some of its properties replaced and is otherwise the object itself. Functions
 * reached through the view get the object as `this`, never the view: private fields and internal slots know no other.
 */
export function createView<T extends object>(target: T, replace: Replace): T {
  const replaced = new Map<string | symbol, { readonly value: object; readonly shown: unknown }>()
  const view: T = new Proxy(unpinned(target), {
    get(_, key) {
      const value: unknown = Reflect.get(target, key, target)
      if (key === 'constructor' || !isObject(value)) return value
      const known = replaced.get(key)
      if (known?.value === value) return known.shown
      const other = replace(key, value, view)
      const shown =
        other === value && typeof value === 'function' ? onTarget(value as AnyFunction, target, view) : other
      replaced.set(key, { value, shown })
      return shown
    },
    set: (_, key, value) => Reflect.set(target, key, value, target),
  })
  return view
}

/** Makes calls on the object that are made on its view; what returns the object returns the view. */
export function callOnTarget(
  target: object,
  view: object,
): (fn: AnyFunction, receiver: unknown, args: unknown[]) => unknown {
  return (fn, receiver, args) => {
    const result: unknown = Reflect.apply(fn, receiver === view ? target : receiver, args)
    return result === target ? view : result
  }
}

/** Is it an object or a function? */
export function isObject(value: unknown): value is object {
  return typeof value === 'function' || (typeof value === 'object' && value !== null)
}

function onTarget(fn: AnyFunction, target: object, view: object): AnyFunction {
  // A class has no receiver, and is compared by identity.
  if (/^class\b/.test(Function.prototype.toString.call(fn))) return fn
  const call = callOnTarget(target, view)
  return new Proxy(fn, { apply: (_, receiver, args) => call(fn, receiver, args) })
}

/** A Proxy must show a frozen property as it is, so the view of a frozen object stands on a copy of its shape. */
function unpinned<T extends object>(target: T): T {
  const own = Object.getOwnPropertyDescriptors(target) as Record<string | symbol, PropertyDescriptor>
  const keys = Reflect.ownKeys(own)
  if (typeof target === 'function' || !keys.some((key) => isPinned(own[key]))) return target
  const loose = keys.map((key) => [key, { ...own[key], configurable: true }] as const)
  return Object.create(Object.getPrototypeOf(target) as object | null, Object.fromEntries(loose)) as T
}

function isPinned(own: PropertyDescriptor | undefined): boolean {
  return own?.configurable === false && own.writable === false && isObject(own.value)
}
