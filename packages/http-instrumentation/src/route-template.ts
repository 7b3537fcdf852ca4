type Matcher = (path: string) => boolean

/** Finds the route template that a path belongs to. */
export type RouteFinder = (path: string) => string | undefined

/**
 * Returns what finds the first of `templates` that a path matches: `/users/:id` takes one segment for `:id`, a last
 * `*` takes the rest. Case matters, a trailing slash does not.
 */
export function createRouteFinder(templates: readonly string[]): RouteFinder {
  const routes = templates.map((template) => ({ template, matches: matcherOf(template) }))
  return (path) => routes.find((route) => route.matches(path))?.template
}

function matcherOf(template: string): Matcher {
  const expected = segmentsOf(template)
  const takesRest = expected.at(-1) === '*'
  if (takesRest) expected.pop()
  return (path) => {
    const segments = segmentsOf(path)
    if (takesRest ? segments.length < expected.length : segments.length !== expected.length) return false
    return expected.every((segment, index) => segment.startsWith(':') || segment === segments[index])
  }
}

function segmentsOf(path: string): string[] {
  const segments = path.split('/')
  if (segments[0] === '') segments.shift()
  if (segments.at(-1) === '') segments.pop()
  return segments
}
