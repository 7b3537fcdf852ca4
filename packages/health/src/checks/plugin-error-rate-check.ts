import type { CheckFn } from '../check-options.ts'
import { judgePlugin, pluginLimits } from '../plugin-component.ts'
import type { PluginThresholds } from '../plugin-component.ts'
import { assertLimits } from '../thresholds.ts'
import { worstOf } from './worst-of.ts'

export interface PluginErrorRateOptions extends PluginThresholds {
  /** Plugins by name. Default all. */
  readonly plugins?: readonly string[]
}

/** Checks plugins: whether they are available, their error rate and duration. The worst one decides. */
export function pluginErrorRateCheck({ plugins, ...thresholds }: PluginErrorRateOptions = {}): CheckFn {
  assertLimits('pluginErrorRateCheck', thresholds, pluginLimits, ['plugins'])
  return (context) => worstOf(context.plugins(), plugins, (plugin) => judgePlugin(plugin, thresholds))
}
