import { REQUEST_METHODS } from './instruments.ts'
import type { RequestMethod } from './instruments.ts'

const KNOWN = new Map<string, RequestMethod>(REQUEST_METHODS.map((method) => [method, method]))

/** Returns a method as label value: itself if the HTTP conventions know it, else `_OTHER`. */
export function requestMethod(method: string): RequestMethod {
  return KNOWN.get(method) ?? '_OTHER'
}
