import type { Cache } from '../cache/cache.ts'
import type { Locator } from '../geo/locator.ts'
import type { Board } from '../health/board.ts'
import type { ManifestKeeper } from '../manifest/keeper.ts'
import type { Metrics } from './metrics.ts'
import type { Sink } from './sink.ts'

/** Who owns what a process that serves counts. */
export interface TrafficOwners {
  readonly locator: Locator
  readonly connections: () => number
  readonly requests: () => number
  readonly tunnels: () => number
  /** null: nothing was served yet. */
  readonly cache: () => Cache | null
}

/** Copies what others count into the metrics, at each scrape. */
export function exportTraffic(metrics: Metrics, owners: TrafficOwners): void {
  const { locator, connections, requests, tunnels } = owners
  metrics.onScrape(() => {
    metrics.connections.child().set(connections())
    metrics.requestsInFlight.child().set(requests())
    metrics.tunnels.child().set(tunnels())
    metrics.geoLookups.child('hit').set(locator.lookups.hits)
    metrics.geoLookups.child('miss').set(locator.lookups.misses)
    const cache = owners.cache()
    if (cache !== null) exportCache(metrics, cache)
  })
}

function exportCache(metrics: Metrics, { memory, fetches }: Cache): void {
  metrics.cacheBytes.child('memory').set(memory.bytes)
  metrics.cacheEntries.child('memory').set(memory.size)
  metrics.cacheEvictions.child('evicted').set(memory.evictions)
  metrics.cacheEvictions.child('rejected').set(memory.rejections)
  metrics.cacheFetches.child().set(fetches)
}

/** Begins what is exported of traffic at 0, where other processes serve and tell only what changes. */
export function beginTraffic(metrics: Metrics): void {
  for (const gauge of [metrics.connections, metrics.requestsInFlight, metrics.tunnels, metrics.cacheFetches])
    gauge.child()
  for (const result of ['hit', 'miss']) metrics.geoLookups.child(result)
  for (const gauge of [metrics.cacheBytes, metrics.cacheEntries]) gauge.child('memory')
  for (const reason of ['evicted', 'rejected']) metrics.cacheEvictions.child(reason)
}

/** Lines that this process lost. */
export function exportSink(metrics: Metrics, sink: Sink): void {
  metrics.onScrape(() => metrics.logLinesDropped.child().set(sink.dropped))
}

/** Who owns what only the process that controls the others knows. */
export interface ControlOwners {
  readonly locator: Locator
  readonly board: Board
  readonly manifests: ManifestKeeper
}

export function exportControl(metrics: Metrics, { locator, board, manifests }: ControlOwners): void {
  metrics.onScrape(() => {
    const { buildEpoch, loadedAt } = locator.database
    if (buildEpoch > 0) metrics.geoDatabaseBuildTimestamp.child().set(buildEpoch)
    metrics.geoDatabaseLoadedTimestamp.child().set(loadedAt / 1000)
  })
  metrics.onScrape(() => exportHealth(metrics, board))
  metrics.onScrape(() => exportManifests(metrics, manifests))
}

/** A site whose manifest is gone has no sequence any more; one that expired still shows that it did. */
function exportManifests({ manifestSequence, manifestExpiry }: Metrics, manifests: ManifestKeeper): void {
  const held = manifests.held
  const gone = ({ site }: { readonly site: string }) => !held.has(site)
  for (const gauge of [manifestSequence, manifestExpiry]) gauge.dropWhere(gone)
  for (const [site, { sequence, expires }] of held) {
    manifestSequence.child(site).set(sequence)
    manifestExpiry.child(site).set(expires / 1000)
  }
}

function exportHealth(metrics: Metrics, board: Board): void {
  const seen = new Map<string, { cdn: string; url: string; healthy: boolean; corrupt: boolean }>()
  for (const { endpoint, state } of board.states()) {
    if (endpoint.cdn === null) continue
    const name = `${endpoint.cdnName}\n${endpoint.url}`
    // Endpoints of one URL that differ in their Host share a series: it shows the worst of them.
    const { healthy, corrupt } = seen.get(name) ?? { healthy: true, corrupt: false }
    seen.set(name, {
      cdn: endpoint.cdnName,
      url: endpoint.url,
      healthy: healthy && state === 'healthy',
      corrupt: corrupt || state === 'corrupt',
    })
  }
  for (const { cdn, url, healthy, corrupt } of seen.values()) {
    metrics.endpointHealthy.child(cdn, url).set(Number(healthy))
    metrics.endpointCorrupt.child(cdn, url).set(Number(corrupt))
  }
}
