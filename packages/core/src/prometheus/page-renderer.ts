import { setImmediate as nextTurn } from 'node:timers/promises'

import { diag } from '@opentelemetry/api'
import type { Attributes } from '@opentelemetry/api'

import type { ResourceMetrics, ScopeMetrics } from '../metric-data.ts'
import { familiesOf } from './families.ts'
import type { Report } from './families.ts'
import { createSeriesWriter, headText } from './family-text.ts'
import { createLabelWriter } from './label-text.ts'
import type { Labels, LabelWriter } from './label-text.ts'
import { layOut } from './layout.ts'
import type { LaidOutFamily, PageFormat } from './layout.ts'
import { reportOnce } from './report-once.ts'
import { scopeLabels, withLabels } from './scope-labels.ts'
import { seriesOf } from './series.ts'
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
  const labelsOf = createLabelWriter()
  const report = reportOnce(options.onProblem ?? ((problem) => diag.warn(problem)))
  const pieces = (metrics: ResourceMetrics, format: PageFormat): Generator<string, void> =>
    pagePieces(metrics, format, { labelsOf, report, options })
  return {
    render: (metrics, format) => [...pieces(metrics, format)].join(''),
    async *renderInPieces(metrics, format) {
      let turn = performance.now()
      for (const piece of pieces(metrics, format)) {
        if (piece !== '') yield piece
        if (performance.now() - turn < TURN_MS) continue
        await nextTurn()
        turn = performance.now()
      }
    },
  }
}

interface Rendering {
  readonly labelsOf: LabelWriter
  readonly report: Report
  readonly options: PageOptions
}

/** An empty piece is but a place to pause. */
function* pagePieces(metrics: ResourceMetrics, format: PageFormat, rendering: Rendering): Generator<string, void> {
  const { labelsOf, report, options } = rendering
  const families = familiesOf(metrics, report)
  const target = labelsOf(targetAttributes(metrics.resource.attributes, options.targetInfo ?? true)).text
  const taken = new Set<string>()
  if (target !== '') {
    const isInfo = format === 'openmetrics' && !families.some(({ name }) => name === 'target')
    const heading = isInfo ? 'target' : 'target_info'
    taken.add(heading).add('target_info')
    const head = { heading, typeText: isInfo ? 'info' : 'gauge', help: 'Target metadata', unit: '' }
    yield `${headText(head, format)}target_info{${target}} 1\n`
  }
  for (const family of layOut(families, format, taken, report)) yield* familyPieces(family, format, rendering)
  if (format === 'openmetrics') yield '# EOF\n'
}

function* familyPieces(family: LaidOutFamily, format: PageFormat, rendering: Rendering): Generator<string, void> {
  const { report } = rendering
  const ofPart = partLabels(rendering)
  let text = headText(family, format)
  const finding = seriesOf(family, ({ scope }, { attributes }) => ofPart(scope, attributes))
  let found = finding.next()
  for (; found.done !== true; found = finding.next()) yield ''
  const { labels, points } = found.value
  const write = createSeriesWriter(family, format, report)
  for (const [index, point] of points.entries()) {
    text += write((labels[index] as Labels).text, point)
    if (text.length < PIECE_LENGTH) continue
    yield text
    text = ''
  }
  yield text
}

type PartLabels = (scope: ScopeMetrics['scope'], attributes: Attributes) => Labels

function partLabels({ labelsOf, options }: Rendering): PartLabels {
  if (options.scopeLabels !== true) return (_scope, attributes) => labelsOf(attributes)
  const ofScope = new Map<ScopeMetrics['scope'], Labels>()
  return (scope, attributes) => {
    const known = ofScope.get(scope) ?? scopeLabels(scope)
    ofScope.set(scope, known)
    return withLabels(labelsOf(attributes), known)
  }
}
