/** Returns the candidate with the fewest edits from `name`, or `undefined` when none is close enough to be meant. */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined
  let fewest = Math.max(2, Math.ceil(name.length / 3)) + 1
  for (const candidate of candidates) {
    const edits = editDistance(name, candidate, fewest)
    if (edits < fewest) [best, fewest] = [candidate, edits]
  }
  return best
}

/** Damerau's distance with adjacent swaps, given up at `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit
  let twoBack: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      let edits = Math.min(previous[j]! + 1, row[j - 1]! + 1, replaced)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) edits = Math.min(edits, twoBack[j - 2]! + 1)
      row.push(edits)
    }
    ;[twoBack, previous] = [previous, row]
  }
  return previous[b.length]!
}
