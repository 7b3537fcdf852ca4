/**
 * Returns how long a collector asks to be left alone: the `google.rpc.RetryInfo` in the `google.rpc.Status` that the trailer
 * `grpc-status-details-bin` carries; `undefined` when there is none, or nothing that can be read.
 */
export function retryDelayMillis(trailer: string | string[] | undefined): number | undefined {
  if (typeof trailer !== 'string') return undefined
  try {
    for (const detail of fields(Buffer.from(trailer, 'base64'), DETAILS)) {
      const [type] = fields(detail, TYPE_URL)
      const [info] = fields(detail, VALUE)
      if (!String(type).endsWith('/google.rpc.RetryInfo') || info === undefined) continue
      const [duration] = fields(info, RETRY_DELAY)
      if (duration === undefined) return 0
      return Math.max(0, number(duration, SECONDS) * 1000 + number(duration, NANOS) / 1e6)
    }
  } catch {
    // What cannot be read asks for nothing.
  }
  return undefined
}

const [DETAILS, TYPE_URL, VALUE, RETRY_DELAY, SECONDS, NANOS] = [3, 1, 2, 1, 1, 2] as const

function number(message: Buffer, wanted: number): number {
  for (const { id, value } of read(message)) if (id === wanted && typeof value === 'number') return value
  return 0
}

function fields(message: Buffer, wanted: number): Buffer[] {
  return [...read(message)].flatMap(({ id, value }) => (id === wanted && typeof value !== 'number' ? [value] : []))
}

const [VARINT, FIXED64, BYTES, FIXED32] = [0, 1, 2, 5] as const

/** Reads the fields of a protobuf message; throws where there is none. */
function* read(message: Buffer): Generator<{ id: number; value: number | Buffer }> {
  let at = 0
  const varint = (): number => {
    let result = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = message.readUInt8(at++)
      result += (byte & 127) * factor
      if (byte < 128) return result
    }
  }
  const bytes = (length: number): Buffer => {
    if (at + length > message.length) throw new RangeError('a field is longer than its message')
    return message.subarray(at, (at += length))
  }
  while (at < message.length) {
    const tag = varint()
    const id = Math.floor(tag / 8)
    switch (tag % 8) {
      case VARINT:
        yield { id, value: varint() }
        break
      case FIXED64:
        yield { id, value: bytes(8) }
        break
      case BYTES:
        yield { id, value: bytes(varint()) }
        break
      case FIXED32:
        yield { id, value: bytes(4) }
        break
      default:
        throw new RangeError(`${tag % 8} is no type of a field`)
    }
  }
}
