import { findSeries } from '../metrics.ts'
import { withSelector } from '../promql/with-selector.ts'
import { recordedSeries } from '../rules/build-rules.ts'
import type { PanelSpec } from './panel-spec.ts'

/** Labels that a dashboard has a variable for. */
const VARIABLES = ['job', 'instance', 'plugin'] as const

/** An expression with the matchers of the variables, and of the pack's selector; the guide's stay as they are written. */
export function panelExpression(
  expr: string,
  { asWritten = false }: Pick<PanelSpec, 'asWritten'>,
  selector: string,
): string {
  const recorded = recordedSeries()
  const selected = withSelector(expr, selector, (name) => !recorded.has(name))
  if (asWritten) return selected
  return VARIABLES.reduce(
    (text, label) =>
      withSelector(text, `${label}=~"$${label}"`, (name) => {
        const own = recorded.get(name)
        if (own !== undefined) return own.includes(label)
        return label !== 'plugin' || findSeries(name)?.labels.includes(label) === true
      }),
    selected,
  )
}
