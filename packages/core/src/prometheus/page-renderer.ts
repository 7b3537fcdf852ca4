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
import { PageBytes } from './page-bytes.ts'
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
  /** Yields the page in pieces of UTF-8, and lets others run in between: no stretch takes longer than some milliseconds. */
  renderInPieces(metrics: ResourceMetrics, format: PageFormat): AsyncGenerator<Uint8Array, void>
}

const SERIES_BETWEEN_PAUSES = 128
const TURN_MS = 4

/** Creates a renderer; keep one for as long as the same metrics are rendered. */
export function createPageRenderer(options: PageOptions = {}): PageRenderer {
  const write = createPageWriter(options)
  return {
    render(metrics, format) {
      const page = new PageBytes()
      const writing = write(page, metrics, format)
      while (writing.next().done !== true);
      return Buffer.concat(page.take()).toString()
    },
    async *renderInPieces(metrics, format) {
      const page = new PageBytes()
      for await (const _turn of inTurns(write(page, metrics, format))) yield* page.take()
      yield* page.take()
    },
  }
}

/** Adds a page to what there is, and yields where it may pause. */
export type PageWriter = (page: PageBytes, metrics: ResourceMetrics, format: PageFormat) => Generator<undefined, void>

/** Creates what a renderer writes with. */
export function createPageWriter(options: PageOptions): PageWriter {
  const rendering: Rendering = {
    write: createLabelWriter(),
    report: reportOnce(options.onProblem ?? ((problem) => diag.warn(problem))),
    scopeLabels: options.scopeLabels ?? false,
    targetInfo: options.targetInfo ?? true,
    memories: new Map(),
  }
  return (page, metrics, format) => writePage(page, metrics, format, rendering)
}

/** Runs what may pause in turns of some milliseconds, and yields in between, before others run. */
export async function* inTurns(work: Generator<undefined, void>): AsyncGenerator<undefined, void> {
  let turn = performance.now()
  while (work.next().done !== true) {
    if (performance.now() - turn < TURN_MS) continue
    yield
    await nextTurn()
    turn = performance.now()
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

function* writePage(
  page: PageBytes,
  metrics: ResourceMetrics,
  format: PageFormat,
  rendering: Rendering,
): Generator<undefined, void> {
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
    page.text(`${headText(head, format)}target_info{${target}} 1\n`)
  }
  for (const family of layOut(families, format, taken, report)) yield* writeFamily(page, family, format, rendering)
  if (format === 'openmetrics') page.text('# EOF\n')
}

function* writeFamily(
  page: PageBytes,
  family: LaidOutFamily,
  format: PageFormat,
  rendering: Rendering,
): Generator<undefined, void> {
  const { memories, report } = rendering
  const { lists, memory } = yield* seriesOf(family, rendering, memories.get(family.name))
  memories.set(family.name, memory)

  page.text(headText(family, format))
  const write = createSeriesWriter(family, format, report)
  for (const { labels, pointAt } of lists) {
    for (let index = 0; index < labels.length; index++) {
      write(page, labels.at(index), pointAt(index))
      if (index % SERIES_BETWEEN_PAUSES === 0) yield
    }
  }
}
