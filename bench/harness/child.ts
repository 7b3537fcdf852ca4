/** What a case tells the process that started it. */
export interface CaseResult {
  readonly figures: Readonly<Record<string, number>>
  /**
   * What was done, read back from the contestant in the end; equal for all contestants of a group; empty for what has
   * nothing to read back.
   */
  readonly totals: string
}

/** Returns what the case was asked to measure. */
export function caseInput<T>(): T {
  const input = process.argv[2]
  if (input === undefined) throw new Error('a case is started by its suite: npm run bench -- --help')
  return JSON.parse(input) as T
}

/** Hands the result over and ends the process, whatever the contestant still has running. */
export function endCase(result: CaseResult): void {
  process.send?.(result, () => process.exit(0))
}
