import type { PageBytes } from './page-bytes.ts'

/** Adds what stands before a sample's value: its name, the labels of a series, and a space. */
export type SampleName = (page: PageBytes, labels: Uint8Array) => void

export const NEW_LINE: Buffer = Buffer.from('\n')

/** Creates what adds a name with the labels of any series, and maybe with one more: `le="0.005"`. */
export function createSampleName(name: string, label = ''): SampleName {
  const before = Buffer.from(`${name}{`)
  const after = Buffer.from(label === '' ? '} ' : `,${label}} `)
  const alone = Buffer.from(label === '' ? `${name} ` : `${name}{${label}} `)
  return (page, labels) => {
    if (labels.length === 0) {
      page.bytes(alone)
      return
    }
    page.bytes(before)
    page.bytes(labels)
    page.bytes(after)
  }
}
