/** What has arrived so far, and a way to wait for what has not. */
export interface Inbox<T> {
  /** Everything that has arrived, in order. */
  readonly all: readonly T[]
  /**
   * Resolves with the first item that matches and that no earlier call has taken; at once if it is there already.
   * Rejects after `timeoutMs`, default 10,000, with what has arrived instead.
   */
  next(matches?: (item: T) => boolean, timeoutMs?: number): Promise<T>
}

/** Creates an inbox and the function that fills it. */
export function createInbox<T>(name: string): { inbox: Inbox<T>; receive: (items: readonly T[]) => void } {
  const all: T[] = []
  const taken = new Set<T>()
  const waiting = new Set<() => void>()

  const next: Inbox<T>['next'] = (matches = () => true, timeoutMs = 10_000) =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const item = all.find((it) => !taken.has(it) && matches(it))
        if (item === undefined) return
        taken.add(item)
        waiting.delete(look)
        clearTimeout(timer)
        resolve(item)
      }
      const expire = (): void => {
        waiting.delete(look)
        reject(
          new Error(`no such ${name} within ${timeoutMs} ms, of ${all.length}: ${JSON.stringify(all).slice(0, 2000)}`),
        )
      }
      const timer = setTimeout(expire, timeoutMs)
      waiting.add(look)
      look()
    })

  const receive = (items: readonly T[]): void => {
    all.push(...items)
    for (const look of waiting) look()
  }
  return { inbox: { all, next }, receive }
}
