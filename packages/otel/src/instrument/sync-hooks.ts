/** From which minor and patch of a release line on; later lines have it from their start, the others never. */
const SINCE: Readonly<Record<number, readonly [minor: number, patch: number]>> = {
  22: [22, 3],
  24: [11, 1],
  25: [1, 0],
}
const LAST_LINE = 25

/**
 * Whether a version of Node.js runs synchronous module hooks as it should: before, any of them breaks the `require()` calls
 * of modules that were imported. The answer is import-in-the-middle's, without a module to load for it.
 */
export function supportsSyncHooks(version: string = process.versions.node): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map((part) => Number.parseInt(part, 10))
  if (major > LAST_LINE) return true
  const [sinceMinor, sincePatch] = SINCE[major] ?? [Infinity, 0]
  return minor > sinceMinor || (minor === sinceMinor && patch >= sincePatch)
}
