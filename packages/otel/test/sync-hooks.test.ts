import { supportsSyncHooks as theirs } from 'import-in-the-middle/supports-sync-hooks.mjs'
import { expect, test } from 'vitest'

import { supportsSyncHooks } from '../src/instrument/sync-hooks.ts'

test.each([
  ['22.15.0', false],
  ['22.22.2', false],
  ['22.22.3', true],
  ['22.23.0', true],
  ['23.11.1', false],
  ['24.11.0', false],
  ['24.11.1', true],
  ['25.0.0', false],
  ['25.1.0-nightly', true],
  ['26.0.0', true],
  ['30.1.2', true],
])('of Node.js %s, that it has sound module hooks is %s', (version, expected) => {
  expect(supportsSyncHooks(version)).toBe(expected)
})

test('of this one it says what the hooks of ES modules go by', () => {
  expect(supportsSyncHooks()).toBe(theirs())
})
