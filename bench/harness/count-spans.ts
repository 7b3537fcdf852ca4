/** Field numbers on the way from an export request to its spans: resource_spans, scope_spans, spans. */
const PATH = [1, 2, 2] as const
const LENGTH_DELIMITED = 2

/** Counts the spans of an OTLP `ExportTraceServiceRequest` in protobuf. */
export function countSpans(message: Uint8Array, depth = 0): number {
  let count = 0
  for (let at = 0; at < message.length;) {
    const tag = readVarint(message, at)
    const type = tag.value & 7
    at = tag.next
    if (type === LENGTH_DELIMITED) {
      const length = readVarint(message, at)
      const end = length.next + length.value
      if (tag.value >> 3 === PATH[depth]) {
        count += depth === PATH.length - 1 ? 1 : countSpans(message.subarray(length.next, end), depth + 1)
      }
      at = end
    } else if (type === 0) at = readVarint(message, at).next
    else at += type === 1 ? 8 : 4
  }
  return count
}

function readVarint(bytes: Uint8Array, from: number): { readonly value: number; readonly next: number } {
  let value = 0
  let factor = 1
  let next = from
  for (;;) {
    const byte = bytes[next++] ?? 0
    value += (byte & 127) * factor
    if (byte < 128) return { value, next }
    factor *= 128
  }
}
