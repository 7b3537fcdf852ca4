/** What a name becomes that is none of the known ones: it came from outside, and must not make a series. */
export const OTHER = '_OTHER'

/** Names that are let through until there are too many different ones; all further ones are `_OTHER`. */
export interface BoundedNames {
  (name: string): string
}

export function createBoundedNames(limit: number): BoundedNames {
  const names = new Set<string>()
  return (name) => {
    if (names.has(name)) return name
    if (names.size >= limit) return OTHER
    names.add(name)
    return name
  }
}
