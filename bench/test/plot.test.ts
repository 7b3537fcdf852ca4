import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import type { Row } from '../harness/suite.ts'
import { seriesPlot } from '../plot.ts'

function rowOf(contestant: string, series: number, value: number | null): Row {
  return { group: `${series.toLocaleString('en')} series`, contestant, kind: 'peer', samples: { nanos: [value] } }
}

test('every point lies inside the axes, and higher values lie higher', () => {
  const value = fc.double({ min: 0.002, max: 1e7, noNaN: true })
  const point = fc.tuple(fc.integer({ min: 1, max: 1_000_000 }), value)
  fc.assert(
    fc.property(fc.array(point, { minLength: 1, maxLength: 12 }), (points) => {
      const rows = points.map(([series, nanos], index) => rowOf(`contestant ${index}`, series, nanos))
      const svg = seriesPlot({ title: 'a title', unit: 'ns', figure: 'nanos', rows })
      const circles = [...svg.matchAll(/<circle cx="([-\d.]+)" cy="([-\d.]+)"/g)].map(([, x, y]) => [
        Number(x),
        Number(y),
      ])
      expect(circles).toHaveLength(points.length)
      for (const [x = 0, y = 0] of circles) {
        expect(x).toBeGreaterThanOrEqual(70)
        expect(x).toBeLessThanOrEqual(540)
        expect(y).toBeGreaterThanOrEqual(44)
        expect(y).toBeLessThanOrEqual(370)
      }
      const order = points.map(([, nanos], index) => [nanos, circles[index]?.[1] ?? 0] as const)
      const byValue = order.toSorted(([a], [b]) => a - b).map(([, y]) => y)
      expect(byValue).toEqual(byValue.toSorted((a, b) => b - a))
    }),
  )
})

test('what was not measured, and other groups, have no point; names are text', () => {
  const rows = [rowOf('a <b> & c', 10, 5), rowOf('none', 10, null), { ...rowOf('other', 10, 5), group: 'a day' }]
  const svg = seriesPlot({ title: 't', unit: 'ns', figure: 'nanos', rows })
  expect(svg.match(/<circle/g)).toHaveLength(1)
  expect(svg).toContain('a &lt;b> &amp; c')
  expect(svg).not.toContain('other')
})
