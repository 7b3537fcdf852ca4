import { expect, test } from 'vitest'

import { SpanNames } from '../src/span-names.ts'

test('a name is that of its method and its route, however many there are', () => {
  const names = new SpanNames()
  for (const round of [1, 2]) {
    for (let route = 0; route < 2500; route++) {
      for (const method of ['GET', 'HTTP']) {
        expect(names.of(method, `/${route}`), `round ${round}`).toBe(`${method} /${route}`)
      }
    }
  }
})
