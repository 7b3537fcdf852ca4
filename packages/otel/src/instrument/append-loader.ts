// Runs in Node's loader thread, on a Node.js whose synchronous hooks cannot be used.
import type { InitializeHook, LoadHook } from 'node:module'

let additions: readonly { readonly files: RegExp; readonly line: string }[] = []

export const initialize: InitializeHook<typeof additions> = (data) => {
  additions = data
}

export const load: LoadHook = async (url, context, nextLoad) => {
  const loaded = await nextLoad(url, context)
  if (loaded.format !== 'module' || !url.startsWith('file:')) return loaded
  const addition = additions.find(({ files }) => files.test(url))
  if (addition === undefined || loaded.source === undefined || loaded.source === null) return loaded
  const source = typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source)
  return { ...loaded, source: `${source}${addition.line}` }
}
