import { setImmediate as nextTurn } from 'node:timers/promises'

import { diag } from '@opentelemetry/api'

import type { ResourceMetrics } from '../metric-data.ts'
import { familiesOf } from './families.ts'
import type { Report } from './families.ts'
import { createSeriesWriter, headText } from './family-text.ts'
import { createLabelWriter } from './label-text.ts'
import type { LabelWriter } from './label-text.ts'
import { layOut } from './layout.ts'
import type { LaidOutFamily, PageFormat } from './layout.ts'
import { reportOnce } from './report-once.ts'
import { seriesOf } from './series.ts'
import type { SeriesMemory } from './series.ts'
import { targetAttributes } from './target-info.ts'
import type { TargetInfo } from './target-info.ts'

export interface PageOptions {
  /** Adds `otel_scope_name`, `otel_scope_version` and `otel_scope_schema_url` to every series; default `false`. */
  readonly scopeLabels?: boolean
  /** The resource as `target_info`; default `true`: without arguments, owner and paths of the process. */
  readonly targetInfo?: TargetInfo
  /** Is told, once each, what could not be written as it was collected; default: a warning through `diag`. */
  readonly onProblem?: (problem: string) => void
}

/** Writes metrics as a page for Prometheus. What it knows of the series it has seen makes their next page cheaper. */
export interface PageRenderer {
  /** Returns the whole page, in one go. */
  render(metrics: ResourceMetrics, format: PageFormat): string
  /** Yields the page in pieces, and lets others run between them: none takes longer than some milliseconds. */
  renderInPieces(metrics: ResourceMetrics, format: PageFormat): AsyncGenerator<string, void>
}

const PIECE_LENGTH = 32_768
const TURN_MS = 4

/** Creates a renderer; keep one for as long as the same metrics are rendered. */
export function createPageRenderer(options: PageOptions = {}): PageRenderer {
  const rendering: Rendering = {
    write: createLabelWriter(),
    report: reportOnce(options.onProblem ?? ((problem) => diag.warn(problem))),
    scopeLabels: options.scopeLabels ?? false,
    targetInfo: options.targetInfo ?? true,
    memories: new Map(),
  }
  return {
    render: (metrics, format) => [...pagePieces(metrics, format, rendering)].join(''),
    async *renderInPieces(metrics, format) {
      let turn = performance.now()
      for (const piece of pagePieces(metrics, format, rendering)) {
        if (piece !== '') yield piece
        if (performance.now() - turn < TURN_MS) continue
        await nextTurn()
        turn = performance.now()
      }
    },
  }
}

interface Rendering {
  readonly write: LabelWriter
  readonly report: Report
  readonly scopeLabels: boolean
  readonly targetInfo: TargetInfo
  /** By family; of those on the last page only. */
  readonly memories: Map<string, SeriesMemory>
}

/** An empty piece is but a place to pause. */
function* pagePieces(metrics: ResourceMetrics, format: PageFormat, rendering: Rendering): Generator<string, void> {
  const { write, report, targetInfo, memories } = rendering
  const families = familiesOf(metrics, report)
  const names = new Set(families.map(({ name }) => name))
  for (const name of memories.keys()) if (!names.has(name)) memories.delete(name)

  const { text: target } = write(targetAttributes(metrics.resource.attributes, targetInfo))
  const taken = new Set<string>()
  if (target !== '') {
    const isInfo = format === 'openmetrics' && !names.has('target')
    const heading = isInfo ? 'target' : 'target_info'
    taken.add(heading).add('target_info')
    const head = { heading, typeText: isInfo ? 'info' : 'gauge', help: 'Target metadata', unit: '' }
    yield `${headText(head, format)}target_info{${target}} 1\n`
  }
  for (const family of layOut(families, format, taken, report)) yield* familyPieces(family, format, rendering)
  if (format === 'openmetrics') yield '# EOF\n'
}

function* familyPieces(family: LaidOutFamily, format: PageFormat, rendering: Rendering): Generator<string, void> {
  const { memories, report } = rendering
  const finding = seriesOf(family, rendering, memories.get(family.name))
  let found = finding.next()
  for (; found.done !== true; found = finding.next()) yield ''
  const { series, memory } = found.value
  memories.set(family.name, memory)

  const write = createSeriesWriter(family, format, report)
  let text = headText(family, format)
  for (const [index, point] of series.points.entries()) {
    text += write(series.labels[index] as string, point)
    if (text.length < PIECE_LENGTH) continue
    yield text
    text = ''
  }
  yield text
}
