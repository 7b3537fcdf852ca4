/** Events per second by these labels. */
export function rateBy(labels: string, metric: string, matchers = ''): string {
  return `sum by (${labels}) (rate(${metric}${matchers}[$__rate_interval]))`
}

/** What a share of a histogram's values stays below, by these labels, if any. */
export function quantileBy(labels: string, metric: string, matchers = '', share = 0.95): string {
  const by = labels === '' ? 'le' : `${labels}, le`
  return `histogram_quantile(${share}, ${rateBy(by, `${metric}_bucket`, matchers)})`
}
