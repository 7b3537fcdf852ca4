/** Seconds that the CPUs spent, by mode. */
export interface CpuTimes {
  readonly user: number
  readonly nice: number
  readonly system: number
  readonly idle: number
  readonly iowait: number
  readonly interrupt: number
  readonly steal: number
}

/** Bytes of memory by state; they add up to `total`. */
export interface MemoryStates {
  readonly total: number
  readonly used: number
  readonly free: number
  readonly buffers: number
  readonly cached: number
}

/** What one device did since the machine started: in is read or received, out is written or transmitted. */
export interface DeviceTotals {
  readonly device: string
  readonly inBytes: number
  readonly outBytes: number
  /** Operations of a disk, errors of a network interface. */
  readonly inCount: number
  readonly outCount: number
}

/** The kernel tells processor time in hundredths of a second, whatever its own clock. */
const TICKS_PER_SECOND = 100
/** The kernel tells disk traffic in sectors of this size, whatever the disk's. */
const SECTOR_BYTES = 512
/** What the traffic of another device already contains: loops and RAM disks, volumes and arrays over disks. */
const NO_DISK = /^(?:loop|ram|zram|dm-|md|sr|fd)\d*/
/** What never leaves the machine, or leaves it through another interface. */
const NO_LINK = /^(?:lo$|veth|docker|br-|virbr|cni|flannel|cali|ifb|dummy|tunl|sit)/

/** Reads `/proc/stat`. */
export function parseCpuTimes(text: string): CpuTimes | undefined {
  const line = /^cpu +(.*)$/m.exec(text)?.[1]
  if (line === undefined) return undefined
  const at = line.split(' ').map((ticks) => Number(ticks) / TICKS_PER_SECOND)
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = at
  return { user, nice, system, idle, iowait, interrupt: irq + softirq, steal }
}

/** Reads `/proc/meminfo`; what the kernel could give back at once counts as cached. */
export function parseMemory(text: string): MemoryStates | undefined {
  const bytes = (name: string): number => Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0) * 1024
  const total = bytes('MemTotal')
  if (total === 0) return undefined
  const [free, buffers, cached] = [bytes('MemFree'), bytes('Buffers'), bytes('Cached') + bytes('SReclaimable')]
  return { total, free, buffers, cached, used: Math.max(0, total - free - buffers - cached) }
}

/** Reads `/proc/diskstats`; `isWhole` tells disks from their partitions. */
export function parseDisks(text: string, isWhole: (device: string) => boolean): DeviceTotals[] {
  return text.split('\n').flatMap((line) => {
    const [, , device = '', reads, , sectorsRead, , writes, , sectorsWritten] = line.trim().split(/\s+/)
    if (device === '' || NO_DISK.test(device) || !isWhole(device)) return []
    return {
      device,
      inBytes: Number(sectorsRead) * SECTOR_BYTES,
      outBytes: Number(sectorsWritten) * SECTOR_BYTES,
      inCount: Number(reads),
      outCount: Number(writes),
    }
  })
}

/** Reads `/proc/net/dev`. */
export function parseNetwork(text: string): DeviceTotals[] {
  return text.split('\n').flatMap((line) => {
    const [, device = '', rest = ''] = /^\s*([^:|]+):\s*(.*)$/.exec(line) ?? []
    if (device === '' || NO_LINK.test(device)) return []
    const at = rest.split(/\s+/).map(Number)
    return { device, inBytes: at[0] ?? 0, inCount: at[2] ?? 0, outBytes: at[8] ?? 0, outCount: at[10] ?? 0 }
  })
}
