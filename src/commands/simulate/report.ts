import type { Replayer } from '../../replay/replayer.ts'
import type { CdnSummary, Summary } from '../../replay/tally.ts'

/** What `polycdn simulate --json` prints. */
export interface SimulationReport {
  readonly lines: {
    readonly read: number
    readonly replayed: number
    readonly others: number
    readonly skipped: number
    readonly skipped_because: Readonly<Record<string, number>>
    readonly first_skipped: readonly { readonly line: number; readonly why: string }[]
  }
  /** ISO 8601; null without a request. */
  readonly from: string | null
  readonly to: string | null
  readonly simulated: SideReport
  readonly against: SideReport | null
  /** What our own log says; null for other logs. */
  readonly log: SideReport | null
  /** Against to simulated. */
  readonly differences: readonly DifferenceReport[] | null
  readonly moves: readonly { readonly from: string; readonly to: string; readonly requests: number }[]
}

export interface SideReport {
  readonly requests: number
  readonly unmatched: number
  readonly mean_km: number | null
  readonly reasons: Readonly<Record<string, number>>
  readonly cdns: readonly CdnReport[]
}

export interface CdnReport extends Measures {
  readonly cdn: string
  readonly requests: number
}

interface Measures {
  /** Of all requests, in percent. */
  readonly share_percent: number
  readonly bytes: number
  readonly mbps_p95: number
  readonly mean_km: number | null
  readonly failovers: number
  readonly cost: number | null
}

export interface DifferenceReport extends Measures {
  readonly cdn: string
}

export function reportOf(replayer: Replayer, simulated: Summary, against: Summary | null): SimulationReport {
  const { counts, skipped, firstSkipped, from, to, log, moves } = replayer
  return {
    lines: { ...counts, skipped_because: skipped, first_skipped: firstSkipped },
    from: iso(from),
    to: iso(to),
    simulated: sideOf(simulated),
    against: against === null ? null : sideOf(against),
    log: log === null ? null : sideOf(log),
    differences: against === null ? null : differences(sideOf(against), sideOf(simulated)),
    moves,
  }
}

function iso(time: number): string | null {
  return Number.isNaN(time) ? null : new Date(time).toISOString()
}

function sideOf({ requests, unmatched, meanKm, reasons, cdns }: Summary): SideReport {
  return { requests, unmatched, mean_km: rounded(meanKm, 0), reasons, cdns: cdns.map(cdnOf) }
}

function cdnOf({ cdn, requests, share, bytes, mbps95, meanKm, failovers, cost }: CdnSummary): CdnReport {
  return {
    cdn,
    requests,
    share_percent: rounded(share * 100, 2)!,
    bytes,
    mbps_p95: rounded(mbps95, 3)!,
    mean_km: rounded(meanKm, 0),
    failovers,
    cost: rounded(cost, 2),
  }
}

const NOTHING: Measures = { share_percent: 0, bytes: 0, mbps_p95: 0, mean_km: null, failovers: 0, cost: null }

function differences(before: SideReport, after: SideReport): readonly DifferenceReport[] {
  const names = new Set([...after.cdns, ...before.cdns].map(({ cdn }) => cdn))
  return [...names].map((cdn) => {
    const old = before.cdns.find((one) => one.cdn === cdn) ?? NOTHING
    const now = after.cdns.find((one) => one.cdn === cdn) ?? NOTHING
    const known = (key: 'mean_km' | 'cost') => {
      return old[key] === null || now[key] === null ? null : rounded(now[key] - old[key], 2)
    }
    return {
      cdn,
      share_percent: rounded(now.share_percent - old.share_percent, 2)!,
      bytes: now.bytes - old.bytes,
      mbps_p95: rounded(now.mbps_p95 - old.mbps_p95, 3)!,
      mean_km: known('mean_km'),
      failovers: now.failovers - old.failovers,
      cost: known('cost'),
    }
  })
}

function rounded(value: number | null, digits: number): number | null {
  return value === null ? null : Math.round(value * 10 ** digits) / 10 ** digits
}
