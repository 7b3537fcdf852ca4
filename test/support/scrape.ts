import { setTimeout as pause } from 'node:timers/promises'

/** A page of text 0.0.4: each sample's value by its name and labels, as they stand on the page. */
export interface Page {
  readonly text: string
  readonly samples: ReadonlyMap<string, number>
  /** The samples of one name by their labels alone: `{method="GET"}`. */
  of(name: string): Readonly<Record<string, number>>
}

/** Scrapes `url`, an address without path, once. */
export async function scrape(url: string): Promise<Page> {
  const response = await fetch(`${url}/metrics`)
  const text = await response.text()
  if (response.status !== 200) throw new Error(`${url}/metrics answered ${response.status}: ${text}`)
  const samples = new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line): [string, number] => {
        const end = line.lastIndexOf(' ')
        return [line.slice(0, end), Number(line.slice(end + 1))]
      }),
  )
  return {
    text,
    samples,
    of: (name) =>
      Object.fromEntries(
        [...samples]
          .filter(([key]) => key === name || key.startsWith(`${name}{`))
          .map(([key, value]) => [key.slice(name.length), value]),
      ),
  }
}

/**
 * Scrapes until `settled` holds: a request is counted when its connection has closed, which its client does not see.
 * Returns the last page when it never does, for the assertion to show.
 */
export async function scrapeUntil(url: string, settled: (page: Page) => boolean, timeoutMs = 10_000): Promise<Page> {
  const end = performance.now() + timeoutMs
  for (;;) {
    const page = await scrape(url)
    if (settled(page) || performance.now() > end) return page
    await pause(25)
  }
}
