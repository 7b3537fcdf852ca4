import type { DataPoint } from '../metric-data.ts'
import { exemplarText } from './exemplar-text.ts'
import type { ExplicitValue } from './explicit-histogram.ts'
import type { Report } from './families.ts'
import { createHistogramWriter } from './histogram-text.ts'
import { escapeHelp, escapeQuoted } from './label-value.ts'
import type { LaidOutFamily, PageFormat } from './layout.ts'
import { numberText } from './number-text.ts'
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

/** Writes the lines of one series; empty when its value cannot stand on the page, which is reported. */
export type SeriesWriter = (labels: string, point: SeriesPoint) => string

/** Creates what writes the series of a family. */
export function createSeriesWriter(family: LaidOutFamily, format: PageFormat, report: Report): SeriesWriter {
  const { name, type, typeText } = family
  if (type === 'histogram') {
    const histogram = createHistogramWriter(family, format)
    return (labels, point) => {
      const text = histogram(labels, point as DataPoint<ExplicitValue>)
      if (text === undefined)
        report(`histogram ${name} has bucket counts that are no counts; the series is not on the page`)
      return text ?? ''
    }
  }
  const isStrict = format === 'openmetrics' && typeText === 'counter'
  return (labels, { value, exemplars }) => {
    const number = Number(value)
    if (isStrict && !(number >= 0)) {
      report(`counter ${name} has the value ${number}, which OpenMetrics does not take; the series is not on the page`)
      return ''
    }
    const exemplar = isStrict && exemplars !== undefined ? exemplarText(exemplars) : ''
    return `${labels === '' ? name : `${name}{${labels}}`} ${numberText(number)}${exemplar}\n`
  }
}
