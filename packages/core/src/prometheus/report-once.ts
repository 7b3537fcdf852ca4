import type { Report } from './families.ts'

const PROBLEMS_KEPT = 200

/** Passes each problem on once; after many different ones, none. */
export function reportOnce(report: Report): Report {
  const reported = new Set<string>()
  return (problem) => {
    if (reported.has(problem) || reported.size >= PROBLEMS_KEPT) return
    reported.add(problem)
    report(problem)
  }
}
