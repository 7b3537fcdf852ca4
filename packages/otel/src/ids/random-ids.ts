const TWO_TO_32 = 2 ** 32
const DIGITS: readonly number[] = Array.from('0123456789abcdef', (text) => text.charCodeAt(0))

/** Draws 32 bits of an id; never all zeros, so that no id is, which would be none. */
export function drawWord(): number {
  return (1 + Math.random() * (TWO_TO_32 - 1)) | 0
}

/** Writes 64 bits as digits: an id of a span. One call with all of them takes a third of what Node takes to write bytes. */
export function spanIdOf(a: number, b: number): string {
  // prettier-ignore
  return String.fromCharCode(
    digit(a, 28), digit(a, 24), digit(a, 20), digit(a, 16), digit(a, 12), digit(a, 8), digit(a, 4), digit(a, 0),
    digit(b, 28), digit(b, 24), digit(b, 20), digit(b, 16), digit(b, 12), digit(b, 8), digit(b, 4), digit(b, 0),
  )
}

/** Writes 128 bits as digits: an id of a trace. Not two texts joined: samplers and exporters read each digit. */
export function traceIdOf(a: number, b: number, c: number, d: number): string {
  // prettier-ignore
  return String.fromCharCode(
    digit(a, 28), digit(a, 24), digit(a, 20), digit(a, 16), digit(a, 12), digit(a, 8), digit(a, 4), digit(a, 0),
    digit(b, 28), digit(b, 24), digit(b, 20), digit(b, 16), digit(b, 12), digit(b, 8), digit(b, 4), digit(b, 0),
    digit(c, 28), digit(c, 24), digit(c, 20), digit(c, 16), digit(c, 12), digit(c, 8), digit(c, 4), digit(c, 0),
    digit(d, 28), digit(d, 24), digit(d, 20), digit(d, 16), digit(d, 12), digit(d, 8), digit(d, 4), digit(d, 0),
  )
}

function digit(word: number, shift: number): number {
  return DIGITS[(word >>> shift) & 15] as number
}
