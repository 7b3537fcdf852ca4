/** Resolves to true when all end well in time, else to false; `holds` keeps the process alive until then. */
export async function withinDeadline(
  works: readonly Promise<unknown>[],
  timeoutMillis: number,
  holds = true,
): Promise<boolean> {
  if (works.length === 0) return true
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMillis)
    if (!holds) timer.unref()
  })
  const ended = Promise.allSettled(works).then((results) => results.every(({ status }) => status === 'fulfilled'))
  const inTime = await Promise.race([ended, deadline])
  clearTimeout(timer)
  return inTime
}
