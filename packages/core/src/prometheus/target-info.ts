import type { Attributes } from '@opentelemetry/api'

/** Of `process.…` only these are shown: the others hold arguments, owner and paths, in which secrets travel. */
const HARMLESS_PROCESS_ATTRIBUTES: ReadonlySet<string> = new Set([
  'process.pid',
  'process.runtime.name',
  'process.runtime.version',
  'process.runtime.description',
])

/** Tells whether a resource attribute may stand in `target_info` by default. */
export function isHarmlessResourceAttribute(attribute: string): boolean {
  return !attribute.startsWith('process.') || HARMLESS_PROCESS_ATTRIBUTES.has(attribute)
}

/** `false` leaves `target_info` out; a function chooses the resource attributes; `true` takes the harmless ones. */
export type TargetInfo = boolean | ((attribute: string) => boolean)

/** Returns the resource attributes that `target_info` is to show. */
export function targetAttributes(resource: Attributes, targetInfo: TargetInfo): Attributes {
  if (targetInfo === false) return {}
  const isShown = targetInfo === true ? isHarmlessResourceAttribute : targetInfo
  return Object.fromEntries(Object.entries(resource).filter(([attribute]) => isShown(attribute)))
}
