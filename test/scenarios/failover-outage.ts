import { Agent } from 'node:http'
import { download } from '../helpers/download.ts'
import { type FaultProxy, faultProxy } from '../helpers/fault-proxy.ts'
import type { Fault } from '../helpers/faults.ts'
import { type Gateway, startGateway } from '../helpers/gateway.ts'
import { startNginx } from '../helpers/nginx.ts'
import type { Scope } from '../helpers/scope.ts'
import { until } from '../helpers/wait.ts'
import { topology } from './topology.ts'

export interface OutageOptions {
  /** Seconds that every edge is down. */
  readonly duration: number
  /** Requests a second that clients send all the time. */
  readonly rate: number
  /** Of requests during the outage. */
  readonly fault: Fault
  readonly workers?: number
}

export interface OutageReport {
  /** Requests of clients during the outage, and what reached the edges during it. */
  readonly during: number
  readonly attempts: number
  /** Requests that were on their way when it began, and the most that ever were during it. */
  readonly pending: number
  readonly mostPending: number
  /** How often the gateway ejected an edge during it. */
  readonly ejections: number
  /** Answers during the outage that were not visible failures. */
  readonly odd: readonly string[]
  /** The first edge's share of the load in each of the three seconds after the return. */
  readonly shares: readonly number[]
  /** Failures after the first answer that followed the return. */
  readonly failedAfter: number
}

/** The defaults, which the scenario leaves as they are: tries for a hundred requests, and for a second. */
export const BUDGET = { percent: 20, perSecond: 10 }

/** Open-loop load while all three edges go down and come back. */
export async function outage(scope: Scope, options: OutageOptions): Promise<OutageReport> {
  const { proxies, gateway } = await bench(scope, options)
  const load = new Load(gateway, options.rate)
  scope.teardown(() => load.stop())
  load.start()
  await until(() => load.done >= options.rate, { what: 'a second of load' })
  const ejected = async () => (await gateway.metrics()).sum('polycdn_endpoint_ejections_total')
  const ejectedBefore = await ejected()
  const before = load.sent
  const pending = load.watchPending()
  const [reached, failedBefore] = [requestsOf(proxies), load.bad.length]
  if (failedBefore > 0) throw new Error(`failures before the outage: ${load.bad[0]}`)
  await Promise.all(proxies.map((proxy) => proxy.set(options.fault)))
  const end = before + options.duration * options.rate
  await until(() => load.sent >= end, { timeout: 60_000, what: 'the end of the outage' })
  const [during, attempts, odd] = [load.sent - before, requestsOf(proxies) - reached, load.odd]
  const { mostPending } = load
  const ejections = (await ejected()) - ejectedBefore
  await Promise.all(proxies.map((proxy) => proxy.set(null)))
  const good = load.good
  await until(() => load.good > good, { timeout: 30_000, what: 'the first answer after the return' })
  const [settled, bad] = [load.done, load.bad.length]
  const shares = await sharesOf(proxies[0]!, load, options.rate)
  await load.stop()
  if (load.done === settled) throw new Error('the load has stopped')
  const counts = { during, attempts, pending, mostPending, ejections }
  return { ...counts, odd, shares, failedAfter: load.bad.length - bad }
}

async function bench(scope: Scope, { workers }: OutageOptions) {
  const names = ['fra', 'iad', 'sin']
  const edges = await Promise.all(names.map((name) => startNginx(scope, { name })))
  const proxies = await Promise.all(edges.map((edge) => faultProxy(scope, { edge: edge.url })))
  const policy = {
    strategy: 'failover',
    fallback: 'none',
    slow_start: '1s',
    outlier_detection: { base_ejection: '500ms', max_ejection: '1s' },
  }
  const config = topology({ edges: proxies.map(({ url }, i) => ({ name: names[i]!, url })), policy })
  const gateway = await startGateway(scope, { ...config, ...(workers === undefined ? {} : { workers }) })
  return { proxies, gateway }
}

function requestsOf(proxies: readonly FaultProxy[]): number {
  return proxies.reduce((sum, { requests }) => sum + requests.length, 0)
}

/** The first edge's share of the load in three seconds, one after the other. */
async function sharesOf(first: FaultProxy, load: Load, rate: number): Promise<number[]> {
  const shares: number[] = []
  for (let second = 0; second < 3; second++) {
    const [served, done] = [first.requests.length, load.done]
    await until(() => load.done >= done + rate, { timeout: 30_000, what: 'a second of load' })
    shares.push((first.requests.length - served) / (load.done - done))
  }
  return shares
}

/** Clients that come at a rate, whatever becomes of them. */
class Load {
  sent = 0
  done = 0
  good = 0
  /** Of requests on their way, since somebody watches. */
  mostPending = 0
  /** Visible failures, and things that should not be. */
  readonly bad: string[] = []
  readonly odd: string[] = []
  readonly #gateway: Gateway
  readonly #rate: number
  readonly #agent = new Agent({ keepAlive: true })
  readonly #pending = new Set<Promise<void>>()
  #timer: NodeJS.Timeout | null = null

  constructor(gateway: Gateway, rate: number) {
    this.#gateway = gateway
    this.#rate = rate
  }

  start(): void {
    const start = performance.now()
    this.#timer = setInterval(() => {
      // A timer that comes late sends what is due, so that the rate holds on a busy machine.
      const due = Math.floor(((performance.now() - start) / 1000) * this.#rate)
      for (; this.sent < due; this.sent++) this.#send()
    }, 10)
  }

  /** Those that are on their way now; from now on their maximum is kept. */
  watchPending(): number {
    this.mostPending = this.sent - this.done
    return this.mostPending
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    await Promise.all(this.#pending)
    this.#agent.destroy()
  }

  #send(): void {
    this.mostPending = Math.max(this.mostPending, this.sent + 1 - this.done)
    const one = this.#one().finally(() => this.#pending.delete(one))
    this.#pending.add(one)
  }

  async #one(): Promise<void> {
    const got = await download({ port: this.#gateway.port, path: '/1k', agent: this.#agent, limit: 30_000 })
    this.done++
    if (got.end === 'whole' && got.status === 200 && got.bytes === 1024) this.good++
    else if (got.end === 'whole' && got.status >= 500) this.bad.push(`${got.status}`)
    else this.odd.push(`${got.end}, status ${got.status}, ${got.bytes} bytes`)
  }
}
