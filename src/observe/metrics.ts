import { setImmediate as nextTurn } from 'node:timers/promises'
import { collectDefaultMetrics, type Metric, Registry } from 'prom-client'
import { CounterFamily } from './counter-family.ts'
import type { FamilyPart, Instrument } from './family.ts'
import { GaugeFamily } from './gauge-family.ts'
import { HistogramFamily } from './histogram-family.ts'
import { isStale, type LiveNames } from './live-names.ts'

const PREFIX = 'polycdn_'
/** Seconds, to response headers. */
const FIRST_BYTE = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
/** Seconds, to the last byte. */
const WHOLE = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]
/** A histogram child is some 17 lines of a scrape: fewer of them than of the other children. */
const MAX_HISTOGRAMS = 500
/** Their names end in _total though they are gauges, which promtool refuses; the same numbers exist by type. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total']

interface AnyFamily extends Instrument {
  dropWhere(predicate: (labels: Readonly<Record<string, string>>) => boolean): number
  take(): FamilyPart | null
  add(part: FamilyPart, from: string): void
  release(from: string): void
}

/**
 * Every instrument of the program: name, help, labels. Labels are configured names and reason codes, never a path, an
 * address or a host that a client may invent: those count as `_other`.
 */
export class Metrics {
  readonly #registry = new Registry()
  readonly #families: AnyFamily[] = []
  readonly #hooks = new Set<() => void>()
  #running: Promise<string> | null = null

  readonly requests = this.#counter(
    'requests_total',
    'Requests that ended, by who served them (a CDN, origin, none) and class of the status; a client that left is 4xx.',
    ['site', 'cdn', 'code'],
  )
  readonly requestDuration = this.#histogram(
    'request_duration_seconds',
    'From the request to the last byte of its response.',
    ['site'],
    WHOLE,
  )
  readonly firstByte = this.#histogram(
    'first_byte_seconds',
    'From the request to the first byte of its response.',
    ['site', 'cdn'],
    FIRST_BYTE,
  )
  readonly responseBytes = this.#counter('response_bytes_total', 'Body bytes written to clients.', ['site', 'cdn'])
  readonly requestsInFlight = this.#gauge('requests_in_flight', 'Requests that have begun and not ended.', [])
  readonly attempts = this.#counter(
    'attempts_total',
    'Tries at an endpoint, by outcome: served, absent, refused, failed, corrupt, aborted.',
    ['cdn', 'outcome'],
  )
  readonly attemptDuration = this.#histogram(
    'attempt_duration_seconds',
    'From the start of a try to its response headers or its failure.',
    ['cdn'],
    FIRST_BYTE,
  )
  readonly failovers = this.#counter('failovers_total', 'Moves from one CDN to the next (or to the origin), and why.', [
    'from',
    'to',
    'reason',
  ])
  readonly resumes = this.#counter(
    'resumes_total',
    'Switches of endpoints in the middle of a body: resumed, refused (it did not prove to be the rest), failed.',
    ['from', 'to', 'result'],
  )
  readonly decisions = this.#counter('decisions_total', 'Decisions, by policy and reason of the first candidate.', [
    'policy',
    'reason',
  ])
  readonly rejections = this.#counter('rejections_total', 'Endpoints that a decision left out, and why.', [
    'policy',
    'cdn',
    'reason',
  ])
  readonly abortedResponses = this.#counter(
    'aborted_responses_total',
    'Responses that were visibly cut because their body could not be completed.',
    ['site', 'cdn'],
  )
  readonly compressedResponses = this.#counter(
    'compressed_responses_total',
    'Responses that were compressed, by coding; what several clients read counts once.',
    ['encoding'],
  )
  readonly compressionInputBytes = this.#counter(
    'compression_input_bytes_total',
    'Body bytes that went into compression, by coding.',
    ['encoding'],
  )
  readonly compressionOutputBytes = this.#counter('compression_output_bytes_total', 'Body bytes that came out of it.', [
    'encoding',
  ])
  readonly compressionReused = this.#counter(
    'compression_reused_total',
    'Responses in a coding that was kept in the cache, or being made for another client.',
    ['encoding'],
  )
  readonly compressionSkipped = this.#counter(
    'compression_skipped_total',
    'Responses that were sent uncompressed because as many as may be were being compressed.',
    [],
  )
  readonly cacheRequests = this.#counter(
    'cache_requests_total',
    'Requests under a policy that caches: hit, stale, revalidated, collapsed, miss, pass (not stored), bypass.',
    ['site', 'result'],
  )
  readonly cacheSavedBytes = this.#counter(
    'cache_saved_bytes_total',
    'Body bytes written to clients that no CDN and no origin had to send for them.',
    ['site'],
  )
  readonly cacheInvalidations = this.#counter(
    'cache_invalidations_total',
    'URLs whose stored answers do not count any more because an unsafe method was answered.',
    ['site'],
  )
  readonly cacheBytes = this.#gauge('cache_bytes', 'Bytes that stored answers take, heads included.', ['tier'])
  readonly cacheEntries = this.#gauge('cache_entries', 'URLs with stored answers in memory, and answers on disk.', [
    'tier',
  ])
  readonly cacheEvictions = this.#counter(
    'cache_evictions_total',
    'Stored answers that had to go for others, and such that were not let in, of the memory.',
    ['reason'],
  )
  readonly cacheDiskErrors = this.#counter(
    'cache_disk_errors_total',
    'What went wrong with the cache on disk: unusable, unwritable, damaged (all of it is thrown away), entry-damaged (one answer).',
    ['problem'],
  )
  readonly cacheFetches = this.#gauge('cache_fetches_in_flight', 'Answers that are being fetched for all who ask.', [])
  readonly rateLimited = this.#counter(
    'rate_limited_total',
    'Requests that were answered 429, by the policy that says so.',
    ['site', 'policy'],
  )
  readonly shedRequests = this.#counter(
    'shed_requests_total',
    'Requests that were answered 503 to keep the gateway alive, by what was short: event_loop, heap, memory.',
    ['reason'],
  )
  readonly endpointHealthy = this.#gauge('endpoint_healthy', '1 when the endpoint may be chosen, 0 when not.', [
    'cdn',
    'endpoint',
  ])
  readonly endpointCorrupt = this.#gauge(
    'endpoint_corrupt',
    '1 while the endpoint is left alone because its bytes contradicted their proof, 0 otherwise.',
    ['cdn', 'endpoint'],
  )
  readonly endpointEjections = this.#counter('endpoint_ejections_total', 'Times an endpoint was taken out.', [
    'cdn',
    'endpoint',
  ])
  readonly healthChecks = this.#counter('health_checks_total', 'Active health checks, by result.', [
    'cdn',
    'endpoint',
    'result',
  ])
  readonly provedBytes = this.#counter('proved_bytes_total', 'Body bytes that were proved, and by what.', [
    'cdn',
    'proof',
  ])
  readonly unprovedAttempts = this.#counter(
    'unproved_attempts_total',
    'Tries that brought no bytes which could be proved, and why: corrupt, mismatch, outdated, absent and the like.',
    ['cdn', 'reason'],
  )
  readonly manifestSequence = this.#gauge('manifest_sequence', 'Sequence of the manifest that is in use.', ['site'])
  readonly manifestExpiry = this.#gauge('manifest_expiry_timestamp_seconds', 'When the manifest that is in use ends.', [
    'site',
  ])
  readonly manifestLoads = this.#counter(
    'manifest_loads_total',
    'Manifests that were new or could not be read, and what became of them: accepted, or why not.',
    ['site', 'result'],
  )
  readonly nameLookups = this.#counter(
    'name_lookups_total',
    'Look-ups of names that nothing remembered, by kind (dnslink, ipns, arns) and result.',
    ['kind', 'result'],
  )
  readonly cdnMonthBytes = this.#gauge(
    'cdn_month_bytes',
    'Bytes of a CDN in its running month: exact (as received), estimated (fetched by redirected clients).',
    ['cdn', 'source'],
  )
  readonly cdnMonthCost = this.#gauge('cdn_month_cost', 'What the running month costs so far, commits included.', [
    'cdn',
  ])
  readonly cdnMonthProjectedCost = this.#gauge(
    'cdn_month_projected_cost',
    'What the running month will cost, if the rest of it is like its beginning.',
    ['cdn'],
  )
  readonly cdnPercentile = this.#gauge(
    'cdn_percentile_mbps',
    'The 95th percentile of the 5-minute samples of the running month so far, Mbit/s.',
    ['cdn'],
  )
  readonly cdnLevel = this.#gauge(
    'cdn_level_mbps',
    'What ordinary 5-minute samples are filled to, where the 95th percentile is billed, Mbit/s.',
    ['cdn'],
  )
  readonly cdnSamplesOverCommit = this.#gauge(
    'cdn_samples_over_commit',
    'Samples of the running month above the commit, of which 5 % are free.',
    ['cdn'],
  )
  readonly purges = this.#counter('purges_total', 'What operators purged, by kind: url, prefix, tag, site.', [
    'site',
    'kind',
  ])
  readonly cdnPurges = this.#counter(
    'cdn_purges_total',
    'Purges at CDNs that ended, by result: purged, failed, unsupported (some of it the CDN cannot do).',
    ['cdn', 'result'],
  )
  readonly cdnPurgesPending = this.#gauge('cdn_purges_pending', 'Purges that are under way at a CDN.', ['cdn'])
  readonly configReloads = this.#counter('config_reloads_total', 'Loads of the configuration, by result.', ['result'])
  readonly configLastReloadSuccessful = this.#gauge(
    'config_last_reload_successful',
    '1 when the last load succeeded, 0 when it failed and the older configuration stayed.',
    [],
  )
  readonly configLoadedTimestamp = this.#gauge(
    'config_loaded_timestamp_seconds',
    'When the running configuration was loaded.',
    [],
  )
  readonly geoDatabaseBuildTimestamp = this.#gauge(
    'geo_database_build_timestamp_seconds',
    'When the geo database was built by its maker.',
    [],
  )
  readonly geoDatabaseLoadedTimestamp = this.#gauge(
    'geo_database_loaded_timestamp_seconds',
    'When the geo database was loaded.',
    [],
  )
  readonly tlsCertificateExpiry = this.#gauge(
    'tls_certificate_expiry_timestamp_seconds',
    'When the certificate that was ordered for a name ends.',
    ['name'],
  )
  readonly tlsRenewals = this.#counter('tls_renewals_total', 'Orders of certificates that ended, by result.', [
    'result',
  ])
  readonly geoReloads = this.#counter('geo_reloads_total', 'Loads of the geo database, by result.', ['result'])
  readonly geoLookups = this.#counter('geo_lookups_total', 'Look-ups of client addresses in the cache: hit or miss.', [
    'result',
  ])
  readonly connections = this.#gauge('connections', 'Open client connections.', [])
  readonly tunnels = this.#gauge('tunnels', 'Open upgraded connections, WebSocket for one.', [])
  readonly logLinesDropped = this.#counter(
    'log_lines_dropped_total',
    'Log lines lost because their reader was too slow or gone.',
    [],
  )
  readonly workers = this.#gauge('workers', 'Processes that serve.', [])
  readonly workerRestarts = this.#counter('worker_restarts_total', 'Processes that ended and were replaced.', [])
  readonly scrapeErrors = this.#counter('scrape_errors_total', 'Values that could not be read for a scrape.', [])
  readonly buildInfo = this.#gauge('build_info', 'Always 1; the labels say what runs.', ['version', 'node'])

  /** `processMetrics: false` leaves out the process_* and nodejs_* defaults of prom-client. */
  constructor(build: { version: string; node: string }, options: { processMetrics?: boolean } = {}) {
    this.buildInfo.child(build.version, build.node).set(1)
    if (options.processMetrics === false) return
    collectDefaultMetrics({ register: this.#registry })
    for (const name of MISNAMED) this.#registry.removeSingleMetric(name)
  }

  /** Own instruments first, in the order of this file, then prom-client's, which have no label names to tell. */
  get instruments(): readonly Instrument[] {
    return this.#families
  }

  /** Names of all metrics of the exposition, prom-client's defaults included. */
  get names(): readonly string[] {
    return this.#registry.getMetricsAsArray().map((metric) => metric.name)
  }

  /**
   * For values that somebody else owns: `hook` runs before each scrape and copies them with `set`. It must not wait. One
   * that throws is counted, and the scrape goes on. Returns what takes the hook away again.
   */
  onScrape(hook: () => void): () => void {
    this.#hooks.add(hook)
    return () => void this.#hooks.delete(hook)
  }

  /** Drops the series of what is no longer configured; returns how many. */
  dropStale(live: LiveNames): number {
    return this.#families.reduce((dropped, family) => dropped + family.dropWhere((labels) => isStale(labels, live)), 0)
  }

  /** The Prometheus text format. Scrapes that come while one runs get that one's answer. */
  async exposition(): Promise<{ contentType: string; body: string }> {
    this.#running ??= this.#render().finally(() => {
      this.#running = null
    })
    return { contentType: this.#registry.contentType, body: await this.#running }
  }

  /** What this process counted since it was asked last, for the process that keeps the totals. */
  take(): readonly FamilyPart[] {
    this.#runHooks()
    return this.#families
      .filter((family) => (family as Instrument) !== this.buildInfo)
      .map((family) => family.take())
      .filter((part) => part !== null)
  }

  /** Adds what another process took. Totals stay when it ends; what it held goes with {@link release}. */
  add(parts: readonly FamilyPart[], from: string): void {
    for (const part of parts) this.#families.find(({ name }) => name === part.name)?.add(part, from)
  }

  /** That process has ended. */
  release(from: string): void {
    for (const family of this.#families) family.release(from)
  }

  #runHooks(): void {
    for (const hook of this.#hooks) {
      try {
        hook()
      } catch {
        this.scrapeErrors.child().inc()
      }
    }
  }

  async #render(): Promise<string> {
    this.#runHooks()
    const parts: string[] = []
    for (const name of this.names) {
      parts.push(await this.#registry.getSingleMetricAsString(name))
      // Requests go on between two families: thousands of series in one go would block them for tens of milliseconds.
      await nextTurn()
    }
    return `${parts.join('\n\n')}\n`
  }

  #counter<const Names extends readonly string[]>(name: string, help: string, labelNames: Names): CounterFamily<Names> {
    return this.#register(new CounterFamily({ name: PREFIX + name, help, labelNames }))
  }

  #gauge<const Names extends readonly string[]>(name: string, help: string, labelNames: Names): GaugeFamily<Names> {
    return this.#register(new GaugeFamily({ name: PREFIX + name, help, labelNames }))
  }

  #histogram<const Names extends readonly string[]>(
    name: string,
    help: string,
    labelNames: Names,
    bounds: readonly number[],
  ): HistogramFamily<Names> {
    return this.#register(
      new HistogramFamily({ name: PREFIX + name, help, labelNames, maxChildren: MAX_HISTOGRAMS }, bounds),
    )
  }

  /** The Registry asks of a metric no more than name, help, type and get(), though its type says otherwise. */
  #register<F extends Instrument>(family: F): F {
    this.#registry.registerMetric(family as unknown as Metric<string>)
    this.#families.push(family as unknown as AnyFamily)
    return family
  }
}
