/**
 * Returns the one value of this process called `name`, created on first use: the ESM and CommonJS builds of a package
 * can both be loaded, and share what is kept here.
 */
export function processWide<T extends object>(name: string, create: () => T): T {
  const key = Symbol.for(`@mcp/otel/${name}`)
  const holder = globalThis as { [key]?: T }
  return (holder[key] ??= create())
}
