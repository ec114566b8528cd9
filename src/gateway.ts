import { randomBytes } from 'node:crypto'
import type { LoadResult } from './config/load.ts'
import { placeEndpoints } from './config/place-endpoints.ts'
import { formatProblem, type Problem } from './config/problem.ts'
import type { Endpoint, Snapshot } from './config/snapshot.ts'
import { Timers } from './delivery/timers.ts'
import { Transport } from './delivery/transport.ts'
import { PolycdnError, toPolycdnError } from './errors.ts'
import { findEndpoints } from './geo/find-endpoints.ts'
import { Locator } from './geo/locator.ts'
import type { GeoReload } from './geo/source.ts'
import { Board, type HealthEvent } from './health/board.ts'
import { Prober } from './health/prober.ts'
import { Admin } from './http/admin.ts'
import type { Generation } from './http/generation.ts'
import { Listeners } from './http/listeners.ts'
import type { RequestListener } from './http/pipeline.ts'
import { createApp } from './http/server.ts'
import type { Services } from './http/services.ts'
import { Tunnels } from './http/tunnel.ts'
import { AccessLog } from './observe/access-log.ts'
import { exportGauges } from './observe/gauges.ts'
import { type Fields, Log } from './observe/log.ts'
import { Metrics } from './observe/metrics.ts'
import type { Sink } from './observe/sink.ts'
import { explain } from './steering/explain.ts'
import { indexSites } from './steering/match.ts'

export interface GatewayOptions {
  /** Reads, parses and compiles the configuration. */
  load(): Promise<LoadResult>
  readonly sink: Sink
  readonly build: { readonly version: string; readonly node: string }
}

/** The configuration cannot be used; every problem of it. */
export class ConfigRejected extends PolycdnError {
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super('config_invalid', `the configuration has ${problems.length} problem(s)`)
    this.problems = problems
  }
}

type Accepted = Exclude<LoadResult, { readonly problems: unknown }>

/** How long running requests and tunnels get when the gateway stops. Milliseconds. */
const DRAIN = 30_000

/** The composition root: puts the parts together, replaces the generation on reload, takes them apart again. */
export class Gateway {
  readonly #options: GatewayOptions
  readonly #log: Log
  readonly #metrics: Metrics
  readonly #timers = new Timers((error) => this.#log.error('timer-failed', { error }))
  readonly #board: Board
  readonly #prober: Prober
  readonly #locator = new Locator((reload) => this.#onGeoReload(reload))
  readonly #services: Services
  readonly #tunnels: Tunnels
  readonly #randomLoopId = `polycdn-${randomBytes(8).toString('hex')}`
  #answer: RequestListener | null = null
  #generation: Generation | null = null
  #listeners: Listeners | null = null
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
    const { random } = Math
    this.#board = new Board({
      now: () => this.#timers.now(),
      random,
      onEvent: (event, endpoint) => this.#onHealthEvent(event, endpoint),
    })
    this.#prober = new Prober({
      timers: this.#timers,
      random,
      transport: () => this.#generation!.transport,
      onResult: (endpoint, passed) => this.#onCheck(endpoint, passed),
    })
    this.#services = {
      current: () => this.#generation!,
      place: (address) => this.#locator.place(address),
      world: { random, health: (endpoint) => this.#board.state(endpoint) },
      board: this.#board,
      timers: this.#timers,
      metrics: this.#metrics,
      log: this.#log,
      accessLog: new AccessLog(options.sink),
    }
    this.#tunnels = new Tunnels(this.#services, (request, response) => this.#answer!(request, response))
  }

  /** Where clients connect, as bound. */
  get addresses(): readonly string[] {
    return this.#listeners!.addresses
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

  /** Stops accepting, lets running requests end for at most 30 s, then ends what is left. */
  async close(): Promise<void> {
    if (this.#ready) this.#log.info('draining')
    this.#ready = false
    this.#closing = true
    await this.#reloads
    const deadline = setTimeout(() => this.#listeners?.destroy(), DRAIN)
    await Promise.all([this.#listeners?.close(), this.#tunnels.drain(DRAIN)])
    clearTimeout(deadline)
    this.#prober.close()
    this.#locator.close()
    await this.#generation?.transport.destroy()
    await this.#admin?.close()
    this.#timers.close()
    this.#log.info('stopped')
  }

  async #start(): Promise<void> {
    const loaded = await this.#options.load()
    if ('problems' in loaded) throw new ConfigRejected(loaded.problems)
    const app = await createApp(this.#services)
    this.#answer = (request, response) => app.routing(request, response)
    this.#listeners = new Listeners({
      onRequest: this.#answer,
      onUpgrade: (request, socket, head) => this.#tunnels.handleUpgrade(request, socket, head),
      snapshot: () => this.#generation!.snapshot,
      onRefused: (limit) => this.#log.throttle('connection-refused', 10_000)?.warn('connection-refused', { limit }),
    })
    await this.#apply(loaded)
    const { snapshot } = loaded
    exportGauges(this.#metrics, {
      board: this.#board,
      locator: this.#locator,
      sink: this.#options.sink,
      connections: () => this.#listeners!.connections,
      requests: () => this.#listeners!.requests,
      tunnels: () => this.#tunnels.open,
    })
    this.#ready = true
    for (const address of this.addresses) this.#log.info('listening', { address })
    this.#log.info('admin-listening', { address: this.adminAddress })
    this.#log.info('ready', summary(snapshot))
  }

  async #reload(cause: string): Promise<readonly Problem[]> {
    const before = this.#generation!.snapshot
    const loaded = await this.#options.load()
    const problems = 'problems' in loaded ? loaded.problems : await this.#tryApply(loaded)
    if (problems.length > 0) {
      this.#log.error('config-rejected', { cause, kept: before.id, problems: problems.map(formatProblem) })
    } else {
      this.#log.info('config-reloaded', { cause, before: before.id, ...summary(this.#generation!.snapshot) })
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
  async #apply({ snapshot: compiled, warnings, locate }: Accepted): Promise<void> {
    const geo = await this.#locator.prepare(compiled.geoip).catch((thrown) => {
      const { message } = toPolycdnError(thrown)
      const path = 'geoip.database'
      throw new ConfigRejected([{ ...locate(path), path, message, severity: 'error' }])
    })
    const snapshot = placeEndpoints(compiled, await findEndpoints(compiled.endpoints, geo.place))
    const admin = this.#admin
    try {
      this.#admin = await this.#openAdmin(snapshot)
      await this.#listeners!.open(snapshot.listen, snapshot.limits)
    } catch (thrown) {
      if (this.#admin !== admin) await this.#admin?.close()
      this.#admin = admin
      geo.discard()
      throw thrown
    }
    geo.commit()
    for (const warning of warnings) this.#log.warn('config-warning', { problem: formatProblem(warning) })
    this.#replaceGeneration(snapshot)
    if (this.#admin !== admin) void admin?.close()
  }

  /** The admin of before where it listens on the right address already: its token is always that of the Snapshot. */
  #openAdmin({ admin }: Snapshot): Promise<Admin> | Admin {
    const before = this.#generation?.snapshot.admin
    if (this.#admin !== null && before?.host === admin.host && before.port === admin.port) return this.#admin
    return Admin.listen(admin, this.#adminActions())
  }

  #replaceGeneration(snapshot: Snapshot): void {
    const previous = this.#generation?.transport
    const transport = new Transport(snapshot.endpoints, previous)
    const loopId = snapshot.gateway.loopId ?? this.#randomLoopId
    this.#board.retain(snapshot.endpoints)
    this.#generation = { snapshot, transport, loopId, findSite: indexSites(snapshot.sites) }
    void previous?.retire()
    void this.#listeners!.retain(snapshot.listen, snapshot.limits)
    this.#prober.watch(snapshot.endpoints)
    this.#log.setLevel(snapshot.log.level)
    this.#metrics.configLoadedTimestamp.child().set(Date.now() / 1000)
    this.#metrics.configLastReloadSuccessful.child().set(1)
    this.#metrics.dropStale(liveNames(snapshot))
  }

  #adminActions() {
    return {
      metrics: this.#metrics,
      token: () => this.#generation!.snapshot.admin.token,
      ready: () => this.#ready,
      status: () => ({
        ...summary(this.#generation!.snapshot),
        endpoints: [...this.#board.states()].map(describeState),
      }),
      explain: (question: Parameters<typeof explain>[0]) =>
        explain(question, {
          findSite: this.#generation!.findSite,
          place: this.#services.place,
          world: this.#services.world,
        }),
      reload: () => this.reload('admin'),
    }
  }

  #onHealthEvent(event: HealthEvent, { cdnName, url }: Endpoint): void {
    this.#log.warn(event, { cdn: cdnName, endpoint: url })
    if (event === 'endpoint-ejected') this.#metrics.endpointEjections.child(cdnName, url).inc()
  }

  #onCheck(endpoint: Endpoint, passed: boolean): void {
    this.#metrics.healthChecks.child(endpoint.cdnName, endpoint.url, passed ? 'passed' : 'failed').inc()
    this.#board.checked(endpoint, passed, endpoint.cdn!.healthCheck!)
  }

  #onGeoReload({ ok, path, error }: GeoReload): void {
    this.#metrics.geoReloads.child(ok ? 'success' : 'failure').inc()
    if (!ok) return this.#log.error('geo-rejected', { path, error })
    this.#log.info('geo-reloaded', { path })
    // Where the endpoints of `location: auto` are was found out with the old one.
    const places = this.#generation?.snapshot.endpoints.some(({ locationAuto }) => locationAuto)
    if (places && !this.#closing) void this.reload('geo').catch(() => {})
  }
}

function summary({ id, sites, cdns, endpoints }: Snapshot): Fields {
  return { config: id, sites: sites.length, cdns: cdns.length, endpoints: endpoints.length }
}

function describeState({ endpoint, state }: { endpoint: Endpoint; state: string }): object {
  return { cdn: endpoint.cdnName, url: endpoint.url, state }
}

function liveNames({ sites, cdns, policies, endpoints }: Snapshot) {
  const names = (items: readonly { readonly name: string }[]) => new Set(items.map(({ name }) => name))
  const urls = new Set(endpoints.map(({ url }) => url))
  return { sites: names(sites), cdns: names(cdns), policies: names(policies), endpoints: urls }
}
