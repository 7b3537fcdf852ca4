import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import type { RequestId } from '../src/message.ts'
import { OpenOperations } from '../src/open-operations.ts'
import type { Operation } from '../src/operation.ts'

const id = fc.oneof(
  fc.integer({ min: 0, max: 200 }),
  fc.integer(),
  fc.double({ noNaN: true }),
  fc.constantFrom('0', '64', 'a', ''),
)
const step = fc.record({ id, adds: fc.boolean() })

test('open operations are found, removed and listed as in a map by their ids', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const open = new OpenOperations()
      const model = new Map<RequestId, Operation>()
      for (const { adds, id: of } of steps) {
        const known = model.get(of)
        const other = { message: { id: of } } as unknown as Operation
        open.remove(of, other)
        expect(open.get(of)).toBe(known)
        open.remove(of, known ?? other)
        model.delete(of)
        expect(open.get(of)).toBeUndefined()
        if (adds) {
          const operation = { message: { id: of, method: 'ping' } } as unknown as Operation
          open.add(of, operation)
          model.set(of, operation)
        }
      }
      expect([...open].every((operation) => [...model.values()].includes(operation))).toBe(true)
      expect([...open]).toHaveLength(model.size)
    }),
  )
})
