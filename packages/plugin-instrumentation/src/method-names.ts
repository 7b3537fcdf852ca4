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
  for (const owner of ownersOf(plugin)) {
    for (const name of Object.getOwnPropertyNames(owner)) {
      if (isPublic(name) && typeof valueIn(owner, name) === 'function') names.add(name)
    }
  }
  return [...names]
}

/** Is it a public method of the plugin, and not of what JavaScript or Node gave it? */
export function isMethod(plugin: object, key: string | symbol): key is string {
  if (typeof key !== 'string' || !isPublic(key)) return false
  for (const owner of ownersOf(plugin)) {
    if (Object.hasOwn(owner, key)) return typeof valueIn(owner, key) === 'function'
  }
  return false
}

function* ownersOf(plugin: object): Iterable<object> {
  let owner: object | null = plugin
  while (owner !== null && !isBuiltin(owner)) {
    yield owner
    owner = Object.getPrototypeOf(owner) as object | null
  }
}

/** An accessor of a plugin is not a method, and not to be run by us; compiled modules have them for their exports. */
function valueIn(owner: object, name: string): unknown {
  const { value, get } = Reflect.getOwnPropertyDescriptor(owner, name) ?? {}
  return get !== undefined && isModule(owner) ? Reflect.get(owner, name) : value
}

function isModule(owner: object): boolean {
  return Object.hasOwn(owner, '__esModule') || Object.prototype.toString.call(owner) === '[object Module]'
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
