import { fieldsOf } from './message.ts'
import type { Fields } from './message.ts'

/** The tools or prompts that an `McpServer` has registered; `undefined` where there is none. */
export type Registry = (kind: 'tools' | 'prompts') => Fields | undefined

/** Returns the registry of an `McpServer`, which names its tools and prompts. */
export function registryOf(owner: object | undefined): Registry {
  if (owner === undefined) return () => undefined
  const fields = fieldsOf(owner)
  return (kind) => {
    const registered = kind === 'tools' ? fields['_registeredTools'] : fields['_registeredPrompts']
    return typeof registered === 'object' && registered !== null ? (registered as Fields) : undefined
  }
}
