// A vitest reporter whose last words are the totals on a line of their own, and before them each test that was skipped:
// what did not run must be seen.
export default class TotalsReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const totals = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
    const skipped = []
    for (const module of modules) {
      // A file that cannot be loaded has no tests of its own to fail.
      totals.failed += module.errors().length
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'passed') totals.passed++
        else if (state === 'failed') totals.failed++
        else {
          totals.skipped++
          skipped.push(test.fullName)
        }
      }
    }
    process.on('exit', () => {
      for (const name of skipped) console.log(`skipped: ${name}`)
      const tail = totals.skipped > 0 ? `, ${totals.skipped} skipped` : ''
      console.log(`${totals.passed} passed, ${totals.failed} failed${tail}`)
    })
  }
}
