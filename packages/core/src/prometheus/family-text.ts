import type { DataPoint } from '../metric-data.ts'
import { exemplarText } from './exemplar-text.ts'
import type { ExplicitValue } from './explicit-histogram.ts'
import type { Report } from './families.ts'
import { createHistogramWriter } from './histogram-text.ts'
import { escapeHelp, escapeQuoted } from './label-value.ts'
import type { LaidOutFamily, PageFormat } from './layout.ts'
import type { PageBytes } from './page-bytes.ts'
import { createSampleName, NEW_LINE } from './sample-name.ts'
import type { SeriesPoint } from './series.ts'

/** Returns the lines that say what a family is. */
export function headText(family: Omit<LaidOutFamily, 'parts' | 'name' | 'type'>, format: PageFormat): string {
  const { heading, typeText, help, unit } = family
  const isOpenMetrics = format === 'openmetrics'
  let text = help === '' ? '' : `# HELP ${heading} ${isOpenMetrics ? escapeQuoted(help) : escapeHelp(help)}\n`
  text += `# TYPE ${heading} ${typeText}\n`
  if (isOpenMetrics && unit !== '' && heading.endsWith(`_${unit}`)) text += `# UNIT ${heading} ${unit}\n`
  return text
}

/** Writes the lines of one series; none when its value cannot stand on the page, which is reported. */
export type SeriesWriter = (page: PageBytes, labels: Uint8Array, point: SeriesPoint) => void

/** Creates what writes the series of a family. */
export function createSeriesWriter(family: LaidOutFamily, format: PageFormat, report: Report): SeriesWriter {
  const { name, type, typeText } = family
  if (type === 'histogram') {
    const histogram = createHistogramWriter(family, format)
    return (page, labels, point) => {
      if (histogram(page, labels, point as DataPoint<ExplicitValue>)) return
      report(`histogram ${name} has bucket counts that are no counts; the series is not on the page`)
    }
  }
  const isStrict = format === 'openmetrics' && typeText === 'counter'
  const sampleName = createSampleName(name)
  return (page, labels, { value, exemplars }) => {
    const number = Number(value)
    if (isStrict && !(number >= 0)) {
      report(`counter ${name} has the value ${number}, which OpenMetrics does not take; the series is not on the page`)
      return
    }
    sampleName(page, labels)
    page.number(number)
    if (isStrict && exemplars !== undefined) page.text(exemplarText(exemplars))
    page.bytes(NEW_LINE)
  }
}
