export interface RepeatOptions {
  /** How long after a turn that follows a call, ms. */
  readonly interval: number
  /** How long after a call at the latest, ms, for what time alone changes; an idle process is woken for it. Default: never. */
  readonly longest?: number
  /** Whether the first call is at the end of this turn; else it comes as if there had been one now. */
  readonly isFirstNow?: boolean
}

/**
 * Calls `look` after each turn of the event loop, but no sooner than `interval` ms after a turn that follows the last call:
 * nothing can have changed before one, so that an idle process is not woken. Returns what ends it.
 */
export function repeatWhileBusy(
  look: () => void,
  { interval, longest = Infinity, isFirstNow = false }: RepeatOptions,
): () => void {
  let timer: NodeJS.Timeout | undefined
  let turn: NodeJS.Immediate | undefined
  let lookedAt = performance.now()
  let nextTick = lookedAt + longest

  const run = (): void => {
    clearImmediate(turn)
    clearTimeout(timer)
    look()
    lookedAt = performance.now()
    wait()
  }
  const onTurn = (): void => {
    // A timer that is cleared before its time still wakes the process.
    if (performance.now() + interval < nextTick) timer = setTimeout(run, interval).unref()
  }
  const wait = (): void => {
    // One that is not referenced does not end the loop's wait, but runs when something else has.
    turn = setImmediate(onTurn).unref()
  }
  const onTick = (): void => {
    nextTick = performance.now() + longest
    if (performance.now() - lookedAt >= interval) run()
  }
  const tick = longest === Infinity ? undefined : setInterval(onTick, longest).unref()
  if (isFirstNow) turn = setImmediate(run).unref()
  else wait()
  return () => {
    clearImmediate(turn)
    clearTimeout(timer)
    clearInterval(tick)
  }
}
