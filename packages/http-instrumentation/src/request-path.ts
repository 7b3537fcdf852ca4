const ABSOLUTE_FORM = /^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i

/** Returns the path of a request target, without its query: `/a` of `/a?b`, of `http://host/a`. */
export function requestPath(target: string): string {
  const origin = target.startsWith('/') ? '' : (ABSOLUTE_FORM.exec(target)?.[0] ?? '')
  const path = target.slice(origin.length, pathEnd(target))
  return path === '' && origin !== '' ? '/' : path
}

function pathEnd(target: string): number {
  const query = target.indexOf('?')
  const fragment = target.indexOf('#')
  if (fragment === -1) return query === -1 ? target.length : query
  return query === -1 ? fragment : Math.min(query, fragment)
}

/** Returns the query of a request target without its `?`, or undefined if it has none. */
export function requestQuery(target: string): string | undefined {
  const start = target.indexOf('?')
  return start === -1 || start === target.length - 1 ? undefined : target.slice(start + 1)
}
