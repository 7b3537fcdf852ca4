/**
 * Calls `look` at the end of this turn of the event loop, and `interval` ms after each turn that follows a call: nothing can
 * have changed before one, so that an idle process is not woken. Returns what ends it.
 */
export function repeatWhileBusy(look: () => void, interval: number): () => void {
  let timer: NodeJS.Timeout | undefined
  // One that is not referenced does not end the loop's wait, but runs when something else has.
  let turn = setImmediate(run).unref()

  function run(): void {
    look()
    turn = setImmediate(() => (timer = setTimeout(run, interval).unref())).unref()
  }

  return () => {
    clearImmediate(turn)
    clearTimeout(timer)
  }
}
