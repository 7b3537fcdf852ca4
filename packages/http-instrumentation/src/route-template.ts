/** Finds the route template that a path belongs to. */
export type RouteFinder = (path: string) => string | undefined

const SPECIAL = /[.*+?^${}()|[\]\\]/g

/**
 * Returns what finds the first of `templates` that a path matches: `/users/:id` takes one segment for `:id`, a last
 * `*` takes the rest. Case matters, a trailing slash does not.
 */
export function createRouteFinder(templates: readonly string[]): RouteFinder {
  const routes = templates.map((template) => ({ template, pattern: patternOf(template) }))
  return (path) => routes.find(({ pattern }) => pattern.test(path))?.template
}

function patternOf(template: string): RegExp {
  const segments = template.split('/').filter((segment) => segment !== '')
  const takesRest = segments.at(-1) === '*'
  if (takesRest) segments.pop()
  const parts = segments.map((segment) => (segment.startsWith(':') ? '/[^/]+' : `/${segment.replace(SPECIAL, '\\$&')}`))
  return new RegExp(`^${parts.join('')}${takesRest ? '(?:/.*)?' : '/?'}$`)
}
