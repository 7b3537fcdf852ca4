/** The samples of a page of metrics by name and labels, as they stand on it: `name{a="1",b="2"}`. */
export type Samples = ReadonlyMap<string, number>

/** Scrapes a server. */
export async function scrape(url: string): Promise<Samples> {
  const response = await fetch(`${url}/metrics`)
  if (response.status !== 200) throw new Error(`/metrics answered ${response.status}: ${await response.text()}`)
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(' ')
      return [line.slice(0, end), Number(line.slice(end + 1))]
    }),
  )
}

/** The samples whose name is exactly this one, without it. */
export function samplesOf(samples: Samples, name: string): Record<string, number> {
  const found = [...samples].filter(([key]) => key === name || key.startsWith(`${name}{`))
  return Object.fromEntries(found.map(([key, value]) => [key.slice(name.length), value]))
}
