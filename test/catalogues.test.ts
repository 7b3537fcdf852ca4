import { catalogueProblems } from '@mcp/otel-core'
import { expect, test } from 'vitest'

import { catalogues } from '../scripts/derive/catalogues.ts'

test.each(catalogues)(
  '$title: the catalogue of $from is sound, so that no start has to look at it',
  ({ catalogue }) => {
    expect(Object.fromEntries(catalogueProblems(catalogue))).toEqual({})
  },
)
