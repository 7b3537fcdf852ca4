/* oxlint-disable vitest/expect-expect, vitest/valid-title, vitest/no-conditional-tests -- declares the tests of others */
import { test } from 'vitest'

import type { Component } from './components.ts'

/**
 * Declares a test that needs a component. Without it the test is skipped, with the reason in its title; under `CI=true`
 * it fails.
 */
export function testWith<T>(
  component: Component<T>,
  title: string,
  body: (found: T) => unknown,
  timeout = 30_000,
): void {
  if ('found' in component) {
    test(title, { timeout }, async () => void (await body(component.found)))
    return
  }
  const missing = `${component.name} cannot be had on this machine: ${component.reason}`
  test(`${title} [${missing}]`, { skip: process.env['CI'] !== 'true' }, () => {
    throw new Error(missing)
  })
}

/** Declares a test that needs two components. */
export function testWithBoth<A, B>(
  a: Component<A>,
  b: Component<B>,
  title: string,
  body: (a: A, b: B) => unknown,
  timeout?: number,
): void {
  testWith('reason' in a ? a : both(a, b), title, ([foundA, foundB]) => body(foundA, foundB), timeout)
}

function both<A, B>(a: { found: A }, b: Component<B>): Component<[A, B]> {
  return 'reason' in b ? b : { name: b.name, found: [a.found, b.found] }
}
