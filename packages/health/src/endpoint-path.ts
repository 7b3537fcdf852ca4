import type { HealthPaths } from './http-contract.ts'

/** Which endpoint a URL is of: `health`, or a probe of a group; undefined when of none. */
export type EndpointOf = (url: string) => { readonly group: string | undefined } | undefined

const GROUP = /^[A-Za-z0-9][\w.-]{0,63}$/

/** Creates what finds the endpoint of a URL. */
export function createEndpointOf({ health, liveness, readiness, startup }: HealthPaths): EndpointOf {
  const known = new Map([
    [health, { group: undefined }],
    [liveness, { group: 'liveness' }],
    [readiness, { group: 'readiness' }],
    [startup, { group: 'startup' }],
  ])
  return (url) => {
    const path = pathOf(url)
    const endpoint = known.get(path)
    if (endpoint !== undefined || !path.startsWith(`${health}/`)) return endpoint
    const group = path.slice(health.length + 1)
    return GROUP.test(group) ? { group } : undefined
  }
}

/** Returns the path of a request's URL without query and trailing slashes; of an absolute URL too. */
export function pathOf(url: string): string {
  const path = url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '')
  let end = path.length
  while (end > 0 && path[end - 1] === '/') end -= 1
  return path.slice(0, end) || '/'
}
