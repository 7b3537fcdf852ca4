import { createPageRenderer } from '../../src/index.ts'
import type { PageFormat, PageOptions, ResourceMetrics } from '../../src/index.ts'
import { parseStrictly } from './strict-parser.ts'

interface Rendered {
  readonly page: string
  readonly problems: string[]
}

/** Renders a page once, and holds it against the strict parser. */
export function render(metrics: ResourceMetrics, format: PageFormat = 'text', options: PageOptions = {}): Rendered {
  const problems: string[] = []
  const renderer = createPageRenderer({ onProblem: (problem) => problems.push(problem), ...options })
  const page = renderer.render(metrics, format)
  parseStrictly(page, format)
  return { page, problems }
}

/** The lines of the samples, without those of `# HELP` and the like. */
export function samples(metrics: ResourceMetrics, format: PageFormat = 'text', options?: PageOptions): string[] {
  return render(metrics, format, options)
    .page.split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
}
