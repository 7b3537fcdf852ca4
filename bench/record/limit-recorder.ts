import { REQUEST_BUCKETS } from '@mcp/otel-core'

import type { Labels } from './label-sets.ts'
import type { Recorder } from './recorder.ts'

const ROW = 2 + REQUEST_BUCKETS.length + 1

/**
 * What no library can beat: plain adds into one array at a place that is known, and for the page its own text over again.
 */
export function arrayRecorder(): Recorder<number> {
  const rows = new Map<string, { readonly at: number; readonly labels: Labels }>()
  let cells = new Float64Array(ROW * 64)
  const prepare = (labels: Labels): number => {
    const key = `${labels.method} ${labels.endpoint} ${labels.status}`
    const known = rows.get(key)
    if (known !== undefined) return known.at
    const at = rows.size * ROW
    if (at + ROW > cells.length) {
      const larger = new Float64Array(cells.length * 2)
      larger.set(cells)
      cells = larger
    }
    rows.set(key, { at, labels })
    return at
  }
  return {
    prepare,
    record(at, seconds) {
      cells[at] = (cells[at] as number) + 1
      cells[at + 1] = (cells[at + 1] as number) + seconds
      let bucket = 0
      while (bucket < REQUEST_BUCKETS.length && seconds > (REQUEST_BUCKETS[bucket] as number)) bucket++
      const place = at + 2 + bucket
      cells[place] = (cells[place] as number) + 1
    },
    count(labels) {
      // Strings made at run time have to be looked at by whoever counts; here they only have to be made.
      if (labels.endpoint.length > 0) cells[0] = (cells[0] as number) + 1
    },
    async scrape() {
      const lines = [...rows.values()].map(({ at, labels: { method, endpoint, status } }) => {
        const labels = `{method="${method}",endpoint="${endpoint}",status="${status}"}`
        const seconds = cells[at + 1] as number
        const observations = cells.subarray(at + 2, at + ROW).reduce((sum, value) => sum + value, 0)
        return `requests_total${labels} ${cells[at]}\nrequest_duration_seconds_sum${labels} ${seconds}\nrequest_duration_seconds_count${labels} ${observations}\n`
      })
      if (lines.length === 0) lines.push(`requests_total{} ${cells[0]}\n`)
      return [Buffer.from(lines.join(''))]
    },
  }
}

/**
 * What nobody can do without who is given labels: each event's are read, one of them looked up in a `Map`, and the event
 * counted in one place. Where there are many series, it shows what their labels cost by being many, whatever is kept of them.
 */
export function labelRecorder(): Recorder<Labels> {
  const all = new Set<Labels>()
  const endpoints = new Map<string, number>()
  const totals = { events: 0, seconds: 0 }
  return {
    prepare(labels) {
      all.add(labels)
      endpoints.set(labels.endpoint, 1)
      return labels
    },
    record({ method, endpoint, status }, seconds) {
      if (method.length + status.length === 0) return
      totals.events += endpoints.get(endpoint) ?? 0
      totals.seconds += seconds
    },
    count({ endpoint }) {
      if (endpoint.length > 0) totals.events++
    },
    async scrape() {
      const lines = [...all].map(({ method, endpoint, status }, index) => {
        const labels = `{method="${method}",endpoint="${endpoint}",status="${status}"}`
        const { events, seconds } = index === 0 ? totals : { events: 0, seconds: 0 }
        return `requests_total${labels} ${events}\nrequest_duration_seconds_sum${labels} ${seconds}\nrequest_duration_seconds_count${labels} ${events}\n`
      })
      if (lines.length === 0) lines.push(`requests_total{} ${totals.events}\n`)
      return [Buffer.from(lines.join(''))]
    },
  }
}
