import type { Report } from './families.ts'

const PROBLEMS_KEPT = 200

/** Passes each problem on once; after many different ones, none. Never throws, whatever it passes them to. */
export function reportOnce(report: Report): Report {
  const reported = new Set<string>()
  return (problem) => {
    if (reported.has(problem) || reported.size >= PROBLEMS_KEPT) return
    reported.add(problem)
    try {
      report(problem)
    } catch {
      // A listener of the application's that throws must not cost it its metrics.
    }
  }
}
