import { randomBytes, randomUUID } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { AcmeKeeper } from './acme/keeper.ts'
import type { LoadResult } from './config/load.ts'
import { placeEndpoints } from './config/place-endpoints.ts'
import { formatProblem, type Problem } from './config/problem.ts'
import type { Snapshot } from './config/snapshot.ts'
import type { Growth } from './costs/growth.ts'
import { Timers } from './delivery/timers.ts'
import { PolycdnError, toPolycdnError } from './errors.ts'
import { adminActions, type InUse } from './gateway/admin-actions.ts'
import { CacheKeeper } from './gateway/cache-keeper.ts'
import { ConfigRejected } from './gateway/config-rejected.ts'
import { descriptorShortage, readProcessLimits } from './gateway/descriptors.ts'
import { DrainKeeper } from './gateway/drain-keeper.ts'
import type { Edition, Prepared, Servers } from './gateway/edition.ts'
import { HealthKeeper } from './gateway/health-keeper.ts'
import { liveNames } from './gateway/live-names.ts'
import { NameKeeper } from './gateway/name-keeper.ts'
import { prepareGeo } from './gateway/prepare-geo.ts'
import { PurgeDesk } from './gateway/purge-desk.ts'
import { PurgeKeeper } from './gateway/purge-keeper.ts'
import { SpendKeeper } from './gateway/spend-keeper.ts'
import { WorkerServers } from './gateway/worker-servers.ts'
import { findEndpoints } from './geo/find-endpoints.ts'
import { Locator } from './geo/locator.ts'
import type { GeoReload } from './geo/source.ts'
import { Admin, type AdminActions } from './http/admin.ts'
import { ManifestKeeper } from './manifest/keeper.ts'
import { exportControl, exportSink } from './observe/gauges.ts'
import { type Fields, Log } from './observe/log.ts'
import { Metrics } from './observe/metrics.ts'
import type { Memory } from './observe/pressure.ts'
import type { Sink } from './observe/sink.ts'
import { Proofs } from './proofs/proofs.ts'
import { realMeans } from './purging/purge-means.ts'
import { indexSites } from './steering/match.ts'

export interface GatewayOptions {
  /** Reads, parses and compiles the configuration. */
  load(): Promise<LoadResult>
  readonly sink: Sink
  readonly memory: Memory
  readonly build: { readonly version: string; readonly node: string }
  /** The file of our own program: what workers run. */
  readonly program: string
  /** Serves beside a gateway that already has the addresses, to take over from it. */
  readonly beside?: boolean
  /** A reload has begun, whoever asked for it, and what became of it. */
  onReload?(phase: 'begun' | 'accepted' | 'rejected'): void
}

type Accepted = Exclude<LoadResult, { readonly problems: unknown }>

/** Of TLS session tickets: a name, a key and a secret of 16 bytes each. They end with this process. */
const TICKET_KEYS = 48

/**
 * The composition root of the process that controls: it owns the configuration, health, the admin server and the totals
 * of all metrics. What serves is in this process too, or in several others.
 */
export class Gateway {
  readonly #options: GatewayOptions
  readonly #log: Log
  readonly #metrics: Metrics
  readonly #timers = new Timers((error) => this.#log.error('timer-failed', { error }))
  readonly #health: HealthKeeper
  readonly #acme: AcmeKeeper
  readonly #spend: SpendKeeper
  readonly #drains: DrainKeeper
  readonly #purges: PurgeKeeper
  readonly #purgeDesk: PurgeDesk
  readonly #cache: CacheKeeper
  readonly #manifests: ManifestKeeper
  readonly #names: NameKeeper
  readonly #proofs: Proofs
  readonly #locator = new Locator((reload) => this.#onGeoReload(reload))
  readonly #randomLoopId = `polycdn-${randomBytes(8).toString('hex')}`
  #inUse: InUse | null = null
  #servers: Servers | null = null
  #admin: Admin | null = null
  #ready = false
  #closing = false
  #reloads: Promise<unknown> = Promise.resolve()

  /** Reads the configuration and serves. Throws ConfigRejected, or another PolycdnError. */
  static async start(options: GatewayOptions): Promise<Gateway> {
    const gateway = new Gateway(options)
    try {
      await gateway.#start()
      return gateway
    } catch (error) {
      await gateway.close()
      throw error
    }
  }

  private constructor(options: GatewayOptions) {
    this.#options = options
    this.#log = new Log({ sink: options.sink, now: Date.now })
    this.#metrics = new Metrics(options.build)
    this.#health = new HealthKeeper({
      timers: this.#timers,
      metrics: this.#metrics,
      log: this.#log,
      onChange: (urgent) => this.#servers?.tellHealth(urgent),
      onProbed: ({ key }, ms) => this.#servers?.tellProbe(key, ms),
    })
    this.#names = new NameKeeper({ timers: this.#timers, log: this.#log, metrics: this.#metrics, now: Date.now })
    this.#spend = new SpendKeeper({
      timers: this.#timers,
      metrics: this.#metrics,
      log: this.#log,
      now: Date.now,
      onChange: (quotes) => this.#servers?.tellQuotes(quotes),
    })
    this.#cache = new CacheKeeper({ log: this.#log, metrics: this.#metrics })
    this.#drains = new DrainKeeper({
      log: this.#log,
      onChange: async (names) => this.#servers?.tellDrained(names),
    })
    this.#purges = new PurgeKeeper({
      log: this.#log,
      now: Date.now,
      onChange: async (purges) => this.#servers?.tellPurges(purges),
    })
    this.#purgeDesk = new PurgeDesk({
      keeper: this.#purges,
      metrics: this.#metrics,
      log: this.#log,
      means: realMeans(this.#timers),
      inUse: () => this.#inUse!,
      newId: randomUUID,
    })
    this.#manifests = new ManifestKeeper({
      timers: this.#timers,
      now: Date.now,
      log: this.#log,
      onChange: async (shipment) => this.#servers?.tellManifest(shipment),
      onLoad: (site, result) => this.#metrics.manifestLoads.child(site, result).inc(),
    })
    this.#proofs = new Proofs({ manifests: this.#manifests.shelf, names: this.#names.names, now: Date.now })
    this.#acme = new AcmeKeeper({
      timers: this.#timers,
      now: Date.now,
      random: Math.random,
      log: this.#log,
      metrics: this.#metrics,
      onChange: async (change) => this.#servers?.tellAcme(change),
    })
  }

  /** Where clients connect, as bound. */
  get addresses(): readonly string[] {
    return this.#servers!.addresses
  }

  get adminAddress(): string {
    return this.#admin!.address
  }

  /** Reads the configuration again. Resolves to the problems that kept the older one; none is success. */
  reload(cause: string): Promise<readonly Problem[]> {
    if (this.#closing) return Promise.reject(new PolycdnError('shutting_down', 'this gateway is shutting down'))
    const reload = this.#reloads.then(() => this.#reload(cause))
    this.#reloads = reload.catch(() => {})
    return reload
  }

  /**
   * Is not ready any more, and after `shutdown.delay` accepts nothing; running requests have `shutdown.timeout`, then they
   * are cut. `handover`: another gateway serves beside this one, and answers as the admin from the first moment.
   */
  async close(handover = false): Promise<void> {
    const served = this.#ready
    if (served) this.#log.info('draining', { handover })
    this.#ready = false
    this.#closing = true
    if (handover) await this.#admin?.close()
    await this.#reloads
    await this.#purgeDesk.close()
    await this.#acme.close()
    await this.#manifests.close()
    await this.#servers?.close()
    await this.#cache.close()
    // What never served knows nothing that the one who does should read after a restart.
    await this.#health.close(served)
    await this.#spend.close(served)
    await this.#names.close()
    this.#locator.close()
    await this.#admin?.close()
    this.#timers.close()
    this.#log.info('stopped')
  }

  async #start(): Promise<void> {
    const loaded = await this.#options.load()
    if ('problems' in loaded) throw new ConfigRejected(loaded.problems)
    await this.#health.recall(loaded.snapshot)
    await this.#spend.recall(loaded.snapshot)
    await this.#drains.recall(loaded.snapshot)
    await this.#purges.recall(loaded.snapshot)
    await this.#manifests.recall(loaded.snapshot)
    await this.#acme.recall(loaded.snapshot.acme)
    await this.#createServers(loaded.snapshot)
    await this.#apply(loaded)
    exportSink(this.#metrics, this.#options.sink)
    const owners = { locator: this.#locator, board: this.#health.board, manifests: this.#manifests }
    exportControl(this.#metrics, owners)
    this.#metrics.onScrape(() => this.#metrics.workers.child().set(this.#servers!.serving))
    this.#ready = true
    for (const address of this.addresses) this.#log.info('listening', { address })
    this.#log.info('admin-listening', { address: this.adminAddress })
    this.#log.info('ready', { ...this.#summary(), workers_to_come: this.#servers!.size - this.#servers!.serving })
  }

  /** The number of processes is chosen once: a reload that changes it says so. */
  async #createServers({ workers, stateDir, cache }: Snapshot): Promise<void> {
    const { sink, memory, program, beside = false } = this.#options
    const ticketKeys = randomBytes(TICKET_KEYS)
    const parts = { timers: this.#timers, metrics: this.#metrics, log: this.#log, sink, ticketKeys, beside }
    const { board } = this.#health
    const { drains } = this.#drains
    const size = sizeOf(workers)
    if (size > 1) {
      const quotes = () => this.#spend.quotes()
      const onGrowth = (growth: readonly Growth[]) => this.#spend.receive(growth)
      const acme = () => this.#acme.state
      const drained = () => drains.names
      const purges = () => this.#purges.all
      const manifests = () => this.#manifests.shipments
      // Their processes begin now: it takes them longer than all that is still to be done here.
      const told = { board, acme, quotes, drained, purges, manifests, onGrowth }
      this.#servers = new WorkerServers({ ...parts, ...told, size, program })
      return this.#cache.open(cache, beside)
    }
    await this.#cache.open(cache, beside)
    // One that controls others serves nothing, and starts sooner without it.
    const { LocalServers } = await import('./gateway/local-servers.ts')
    const { purges } = this.#purges
    const own = { meter: this.#spend.meter, quotes: this.#spend, drains, purges, health: board, locator: this.#locator }
    await this.#names.keepIn(stateDir)
    this.#servers = await LocalServers.create({ ...parts, ...own, proofs: this.#proofs, memory })
    await this.#servers.tellAcme(this.#acme.state)
  }

  async #reload(cause: string): Promise<readonly Problem[]> {
    const before = this.#inUse!.snapshot
    this.#options.onReload?.('begun')
    const loaded = await this.#options.load()
    const problems = 'problems' in loaded ? loaded.problems : await this.#tryApply(loaded)
    this.#options.onReload?.(problems.length > 0 ? 'rejected' : 'accepted')
    if (problems.length > 0) {
      this.#log.error('config-rejected', { cause, kept: before.id, problems: problems.map(formatProblem) })
    } else {
      this.#log.info('config-reloaded', { cause, before: before.id, ...this.#summary() })
    }
    this.#metrics.configReloads.child(problems.length > 0 ? 'failure' : 'success').inc()
    if (problems.length > 0) this.#metrics.configLastReloadSuccessful.child().set(0)
    return problems
  }

  async #tryApply(loaded: Accepted): Promise<readonly Problem[]> {
    try {
      await this.#apply(loaded)
      return []
    } catch (thrown) {
      if (thrown instanceof ConfigRejected) return thrown.problems
      const { message } = toPolycdnError(thrown)
      return [{ ...loaded.locate(''), path: '', message, severity: 'error' }]
    }
  }

  /** New parts first, then one assignment, then the old parts go: what fails before the assignment changes nothing. */
  async #apply({ snapshot: compiled, source, warnings, locate }: Accepted): Promise<void> {
    const geo = await prepareGeo(this.#locator, compiled, locate)
    const places = await findEndpoints(compiled.endpoints, geo.place)
    const snapshot = placeEndpoints(compiled, places)
    const loopId = snapshot.gateway.loopId ?? this.#randomLoopId
    const edition: Edition = { snapshot, source, places, loopId }
    const use = () => {
      geo.commit()
      this.#use(snapshot, warnings)
    }
    // There is nothing yet that a failure could spoil, and the first request may come before `prepare` returns.
    const first = this.#inUse === null
    if (first) use()
    const before = this.#admin
    let prepared: Prepared
    try {
      this.#admin = await this.#openAdmin(snapshot)
      prepared = await this.#servers!.prepare(edition)
    } catch (thrown) {
      if (this.#admin !== before) await this.#admin?.close()
      this.#admin = before
      if (!first) geo.discard()
      throw thrown
    }
    if (!first) use()
    this.#admin.token = snapshot.admin.token
    await prepared.commit()
    this.#acme.adopt(snapshot.acme)
    // After the reloads that were asked for there, and their answers.
    if (this.#admin !== before) void this.#reloads.finally(() => setImmediate(() => void before?.close()))
    // Last: until now requests of the older configuration counted under its names.
    this.#metrics.dropStale(liveNames(snapshot))
  }

  /** The admin of before where it listens on the right address already. */
  #openAdmin({ admin }: Snapshot): Promise<Admin> | Admin {
    const before = this.#inUse?.snapshot.admin
    if (this.#admin !== null && before?.host === admin.host && before.port === admin.port) return this.#admin
    const beside = this.#options.beside === true && this.#admin === null
    return Admin.listen({ ...admin, beside }, this.#adminActions())
  }

  #use(snapshot: Snapshot, warnings: readonly Problem[]): void {
    for (const warning of warnings) this.#log.warn('config-warning', { problem: formatProblem(warning) })
    const before = this.#inUse?.snapshot
    if (before !== undefined && sizeOf(before.workers) !== sizeOf(snapshot.workers)) {
      this.#log.warn('workers-kept', { running: this.#servers!.size, after_restart: sizeOf(snapshot.workers) })
    }
    const shortage = descriptorShortage(readProcessLimits(), snapshot.limits, sizeOf(snapshot.workers))
    if (shortage !== null) this.#log.warn('file-descriptors-short', { ...shortage })
    this.#inUse = { snapshot, findSite: indexSites(snapshot.sites) }
    this.#health.adopt(snapshot)
    this.#spend.adopt(snapshot)
    this.#drains.adopt(snapshot)
    this.#purges.adopt(snapshot)
    this.#purgeDesk.adopt(snapshot)
    this.#cache.adopt(snapshot.cache)
    this.#manifests.adopt(snapshot)
    // Workers keep what they know of names themselves.
    if (!(this.#servers instanceof WorkerServers)) void this.#names.keepIn(snapshot.stateDir)
    this.#log.setLevel(snapshot.log.level)
    this.#metrics.configLoadedTimestamp.child().set(Date.now() / 1000)
    this.#metrics.configLastReloadSuccessful.child().set(1)
  }

  #adminActions(): AdminActions {
    return adminActions({
      metrics: this.#metrics,
      log: this.#log,
      board: this.#health.board,
      spend: this.#spend,
      drains: this.#drains,
      purges: this.#purgeDesk,
      proofs: this.#proofs,
      place: (address) => this.#locator.place(address),
      inUse: () => this.#inUse!,
      ready: () => this.#ready && this.#servers!.serving > 0,
      status: () => ({ ...this.#summary(), deadlines: this.#timers.pending }),
      reload: () => this.reload('admin'),
    })
  }

  #summary(): Fields {
    const { id, sites, cdns, endpoints } = this.#inUse!.snapshot
    const counts = { sites: sites.length, cdns: cdns.length, endpoints: endpoints.length }
    return { config: id, ...counts, workers: this.#servers!.serving }
  }

  #onGeoReload({ ok, path, error }: GeoReload): void {
    this.#metrics.geoReloads.child(ok ? 'success' : 'failure').inc()
    if (!ok) return this.#log.error('geo-rejected', { path, error })
    this.#log.info('geo-reloaded', { path })
    // Where the endpoints of `location: auto` are was found out with the old one.
    const places = this.#inUse?.snapshot.endpoints.some(({ locationAuto }) => locationAuto)
    if (places && !this.#closing) void this.reload('geo').catch(() => {})
  }
}

function sizeOf(workers: Snapshot['workers']): number {
  return workers === 'auto' ? availableParallelism() : workers
}
