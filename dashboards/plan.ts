/** What a row of the dashboard shows. `width` is in Grafana's 24 columns. */
export interface PanelPlan {
  readonly title: string
  readonly description: string
  readonly kind: 'lines' | 'stacked' | 'timeline' | 'stat'
  readonly width: number
  /** Grafana's name of the unit. */
  readonly unit: string
  readonly queries: readonly { readonly expr: string; readonly legend: string }[]
  /** Texts for the values 0 and 1. */
  readonly states?: readonly [zero: string, one: string]
}

export interface RowPlan {
  readonly title: string
  readonly height: number
  readonly panels: readonly PanelPlan[]
}
