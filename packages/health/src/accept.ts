/** Media type of the IETF draft "Health Check Response Format for HTTP APIs". */
export const HEALTH_JSON = 'application/health+json'
export const JSON_TYPE = 'application/json'

export type MediaType = typeof HEALTH_JSON | typeof JSON_TYPE

/** Returns the media type to answer with: `application/health+json` only where it is named and not liked less. */
export function negotiate(accept: string | undefined): MediaType {
  if (accept === undefined) return JSON_TYPE
  const ranges = parseAccept(accept)
  const named = ranges.find(({ type }) => type === HEALTH_JSON)
  if (named === undefined || named.quality === 0) return JSON_TYPE
  const json = ranges.find(({ type }) => type === JSON_TYPE)
  return json === undefined || named.quality >= json.quality ? HEALTH_JSON : JSON_TYPE
}

/** Returns the media ranges of an `Accept` header, lower case, with their quality from 0 to 1; what is no range is left out. */
export function parseAccept(accept: string): { readonly type: string; readonly quality: number }[] {
  return accept.split(',').flatMap((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    if (!/^[^\s/]+\/[^\s/]+$/.test(type)) return []
    const weight = parameters.find((parameter) => /^q\s*=/.test(parameter))
    const quality = weight === undefined ? 1 : Number(weight.slice(weight.indexOf('=') + 1).trim() || Number.NaN)
    return [{ type, quality: Number.isNaN(quality) ? 1 : Math.min(1, Math.max(0, quality)) }]
  })
}
