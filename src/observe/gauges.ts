import type { Locator } from '../geo/locator.ts'
import type { Board } from '../health/board.ts'
import type { Metrics } from './metrics.ts'
import type { Sink } from './sink.ts'

/** Who owns what a process that serves counts. */
export interface TrafficOwners {
  readonly locator: Locator
  readonly connections: () => number
  readonly requests: () => number
  readonly tunnels: () => number
}

/** Copies what others count into the metrics, at each scrape. */
export function exportTraffic(metrics: Metrics, { locator, connections, requests, tunnels }: TrafficOwners): void {
  metrics.onScrape(() => {
    metrics.connections.child().set(connections())
    metrics.requestsInFlight.child().set(requests())
    metrics.tunnels.child().set(tunnels())
    metrics.geoLookups.child('hit').set(locator.lookups.hits)
    metrics.geoLookups.child('miss').set(locator.lookups.misses)
  })
}

/** Lines that this process lost. */
export function exportSink(metrics: Metrics, sink: Sink): void {
  metrics.onScrape(() => metrics.logLinesDropped.child().set(sink.dropped))
}

/** What only the process that controls the others knows. */
export function exportControl(metrics: Metrics, locator: Locator, board: Board): void {
  metrics.onScrape(() => {
    const { buildEpoch, loadedAt } = locator.database
    if (buildEpoch > 0) metrics.geoDatabaseBuildTimestamp.child().set(buildEpoch)
    metrics.geoDatabaseLoadedTimestamp.child().set(loadedAt / 1000)
  })
  metrics.onScrape(() => exportHealth(metrics, board))
}

function exportHealth(metrics: Metrics, board: Board): void {
  const healthy = new Map<string, { cdn: string; url: string; value: number }>()
  for (const { endpoint, state } of board.states()) {
    if (endpoint.cdn === null) continue
    const name = `${endpoint.cdnName}\n${endpoint.url}`
    // Endpoints of one URL that differ in their Host share a series: it shows the worst of them.
    const value = Math.min(healthy.get(name)?.value ?? 1, state === 'healthy' ? 1 : 0)
    healthy.set(name, { cdn: endpoint.cdnName, url: endpoint.url, value })
  }
  for (const { cdn, url, value } of healthy.values()) metrics.endpointHealthy.child(cdn, url).set(value)
}
