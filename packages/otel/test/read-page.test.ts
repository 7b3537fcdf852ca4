import { readFileSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, test } from 'vitest'

import { findPythonClient } from '../../../test/support/components.ts'
import { pythonParseAll } from '../../../test/support/python-parser.ts'
import { testWith } from '../../../test/support/test-with.ts'
import { readPage } from '../src/doctor/read-page.ts'

const golden = readFileSync(path.resolve(import.meta.dirname, '../../core/test/golden/guide.txt'), 'utf8')

const HISTOGRAM = [
  '# TYPE h histogram',
  'h_bucket{le="1"} 1',
  'h_bucket{le="+Inf"} 2',
  'h_sum 3',
  'h_count 2',
  '',
].join('\n')

const GOOD: readonly (readonly [string, string])[] = [
  ['a page of ours', golden],
  ['nothing', ''],
  ['comments and empty lines', '# a comment\n\n#\n'],
  ['special values', 'a{x="1"} +Inf\na{x="2"} -Inf\na{x="3"} NaN\na{x="4"} 1e-9\n'],
  ['escapes', 'a{x="\\\\ \\" \\n"} 1\n'],
  ['a comma after the last label', 'a{x="1",} 1\n'],
  ['a timestamp', 'a 1 1395066363000\n'],
  ['a histogram', HISTOGRAM],
]

const BAD: readonly (readonly [string, string, string])[] = [
  ['a name that is none', '1a 1\n', 'line 1: "1a 1" is no sample'],
  ['a value that is none', 'a one\n', 'line 1: "a one" is no sample'],
  ['a page of HTML', '<html>\n', 'line 1: "<html>" is no sample'],
  ['a label twice', 'a{x="1",x="2"} 1\n', 'line 1: the labels of a cannot be read'],
  ['a label without quotes', 'a{x=1} 1\n', 'line 1: the labels of a cannot be read'],
  ['a series twice', 'a{x="1",y="2"} 1\na{y="2",x="1"} 1\n', 'line 2: a is there twice with the same labels'],
  ['a second TYPE', '# TYPE a gauge\n# TYPE a gauge\na 1\n', 'line 2: a has a second TYPE'],
  ['a type that is none', '# TYPE a many\na 1\n', 'line 1: "many" is no type'],
  ['a TYPE after its samples', 'a 1\n# TYPE a gauge\n', 'line 2: the TYPE of a comes after its samples'],
  ['a family in two places', 'a{x="1"} 1\nb 1\na{x="2"} 1\n', 'line 3: lines of a are not together'],
  ['a last line that does not end', 'a 1', 'the last line does not end'],
  ['no +Inf bucket', HISTOGRAM.replace('+Inf', '2'), 'h: there is no +Inf bucket'],
  ['buckets that fall', HISTOGRAM.replace('le="1"} 1', 'le="1"} 7'), 'h: buckets are not cumulative'],
  [
    'a count that is not the last bucket',
    HISTOGRAM.replace('h_count 2', 'h_count 9'),
    'h: the +Inf bucket is not the count',
  ],
]

describe('a page is read', () => {
  test.each(GOOD)('that has %s', (_what, page) => {
    expect(readPage(page).problems).toEqual([])
  })

  test('with its samples, their labels unescaped', () => {
    expect(readPage('a{x="\\\\n\\n\\"",y=""} 2.5e3 17\n').samples).toEqual([
      { name: 'a', labels: { x: '\\n\n"', y: '' }, value: 2500 },
    ])
    expect(readPage(golden).samples.length).toBeGreaterThan(20)
  })
})

test.each(BAD)('a page is refused that has %s', (_what, page, problem) => {
  expect(readPage(page).problems).toContain(problem)
})

const python = await findPythonClient()

testWith(python, "Prometheus' own parser takes what is good, and refuses nothing that we do not", async (client) => {
  const pages = [...GOOD, ...BAD].map(([, page]) => ({ page, format: 'text' as const }))
  const parsed = await pythonParseAll(client, pages)
  const refused = pages.filter((_page, index) => 'error' in parsed[index]!).map(({ page }) => page)
  expect(refused.filter((page) => readPage(page).problems.length === 0)).toEqual([])
  expect(refused.length).toBeGreaterThan(0)
})
