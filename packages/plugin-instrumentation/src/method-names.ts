import { EventEmitter } from 'node:events'

/** Methods that the language calls by itself. */
const PROTOCOL_METHODS: ReadonlySet<string> = new Set([
  'constructor',
  'then',
  'toJSON',
  'toString',
  'toLocaleString',
  'valueOf',
])

/** Returns the names of the public methods of a plugin, its own and inherited ones. */
export function methodNames(plugin: object): string[] {
  const names = new Set<string>()
  for (let owner: object | null = plugin; owner !== null && !isBuiltin(owner); owner = Object.getPrototypeOf(owner)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(owner))) {
      if (typeof value === 'function' && isPublic(name)) names.add(name)
    }
  }
  return [...names]
}

/** Is it a public method of the plugin, and not of what JavaScript or Node gave it? */
export function isMethod(plugin: object, key: string | symbol): key is string {
  if (typeof key !== 'string' || !isPublic(key)) return false
  for (let owner: object | null = plugin; owner !== null && !isBuiltin(owner); owner = Object.getPrototypeOf(owner)) {
    const descriptor = Reflect.getOwnPropertyDescriptor(owner, key)
    if (descriptor !== undefined) return typeof descriptor.value === 'function'
  }
  return false
}

function isPublic(name: string): boolean {
  return !name.startsWith('_') && !PROTOCOL_METHODS.has(name)
}

function isBuiltin(owner: object): boolean {
  if (owner === Object.prototype || owner === EventEmitter.prototype) return true
  const constructor: unknown = Reflect.getOwnPropertyDescriptor(owner, 'constructor')?.value
  return (
    typeof constructor === 'function' &&
    /\{\s*\[native code\]\s*\}$/.test(Function.prototype.toString.call(constructor))
  )
}
