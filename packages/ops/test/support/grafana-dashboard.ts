import type { Dataquery } from '@grafana/grafana-foundation-sdk/prometheus'
import type { Dashboard, FieldConfig, GraphFieldConfig, Panel, RowPanel } from '@grafana/schema'
import type { Options as GaugeOptions } from '@grafana/schema/dist/esm/raw/composable/gauge/panelcfg/x/GaugePanelCfg_types.gen'
import type { Options as StatOptions } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen'
import type { Options as TextOptions } from '@grafana/schema/dist/esm/raw/composable/text/panelcfg/x/TextPanelCfg_types.gen'
import type { Options as TimeSeriesOptions } from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen'

/** A dashboard as Grafana's own schema has it, with the options of the kinds of panels that the pack uses. */
export type GrafanaDashboard = Omit<AsJson<Dashboard>, 'panels'> & {
  panels: readonly (
    | PanelOf<'timeseries', TimeSeriesOptions, GraphFieldConfig>
    | PanelOf<'stat', StatOptions, NoFields>
    | PanelOf<'gauge', GaugeOptions, NoFields>
    | TextPanel
    | AsJson<RowPanel>
  )[]
}

/** No field of this name is ever there, nor another one. */
interface NoFields {
  readonly none?: never
}

type TextPanel = Omit<AsJson<Panel>, 'type' | 'options' | 'targets'> & {
  type: 'text'
  options: AsJson<TextOptions>
}

/** Grafana fills in options that are left out; those that are there are to be known, and of their type. */
type PanelOf<Kind, Options, Custom> = Omit<AsJson<Panel>, 'type' | 'options' | 'targets' | 'fieldConfig'> & {
  type: Kind
  options?: AsJson<Partial<Options>>
  targets: readonly AsJson<Omit<Dataquery, '_implementsDataqueryVariant'>>[]
  fieldConfig: {
    defaults: Omit<AsJson<FieldConfig>, 'custom'> & { custom?: AsJson<Custom> }
    overrides: readonly never[]
  }
}

/** The type of what stands in a file: the values of enumerations as they are written. */
type AsJson<T> = unknown extends T
  ? unknown
  : T extends string
    ? `${T}`
    : T extends readonly (infer Each)[]
      ? readonly AsJson<Each>[]
      : T extends object
        ? { [Key in keyof T]: AsJson<T[Key]> }
        : T
