import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { certificate } from '../helpers/certificates.ts'
import { type GatewayProcess, startGateway } from '../helpers/gateway.ts'
import { type Nginx, startNginx } from '../helpers/nginx.ts'
import { childrenOf } from '../helpers/process-sockets.ts'
import type { Scope } from '../helpers/scope.ts'
import { startWrk } from '../helpers/wrk.ts'
import { plainClient, type SteadyClient, secureClient } from './steady-clients.ts'
import { QUICK_CHECK, topology } from './topology.ts'

export interface SteadyOptions {
  /** Seconds of load. */
  readonly duration: number
  /** Seconds between two reloads, and between an edge's end and its return. */
  readonly every: number
  readonly workers: number
}

/** Of all processes of the gateway together. */
export interface Sample {
  readonly rssMiB: number
  readonly handles: number
}

export interface SteadyReport {
  /** Requests a second: as many as the gateway can serve, and as many as it was asked for. */
  readonly saturation: number
  readonly rate: number
  readonly requests: number
  readonly failures: readonly string[]
  readonly reloads: number
  readonly flaps: number
  /** Medians: of the second quarter of the time, after the warm-up, and of the last one. */
  readonly early: Sample
  readonly late: Sample
  readonly exitCode: number | null
  readonly stderr: string
}

const CLIENTS = 16
/** Every fourth of them speaks HTTP/2 over TLS. */
const SECURE_EVERY = 4
/** After so many requests a client comes on a new connection. */
const KEPT_FOR = 50

/** Half of what the gateway can do, with clients, configurations and edges that come and go. */
export async function steady(scope: Scope, { duration, every, workers }: SteadyOptions): Promise<SteadyReport> {
  const start = (name: string) => startNginx(scope, { name })
  const [fra, iad, origin] = await Promise.all([start('fra'), start('iad'), start('origin')])
  const { certFile, keyFile } = certificate('localhost')
  const tls = { certificates: [{ cert_file: certFile, key_file: keyFile }] }
  const listen = [{ address: '127.0.0.1:0' }, { address: '127.0.0.1:0', tls }]
  const config = { ...topology({ edges: [fra!, iad!], origin: origin!.url, cdn: QUICK_CHECK }), listen, workers }
  const gateway = await startGateway(scope, config)
  const saturation = await saturate(scope, gateway, Math.min(5, Math.max(1, duration / 10)))
  const run = new Steady(gateway, performance.now() + duration * 1000, saturation / 2)
  const reconfigure = (odd: boolean) => gateway.write({ ...config, limits: { header_timeout: odd ? '9s' : '10s' } })
  await Promise.all([run.load(), run.sample(), run.reload(every, reconfigure), run.flap(every, fra!)])
  const { code, stderr } = await gateway.close()
  const { requests, failures, reloads, flaps, samples } = run
  const quarter = (at: number) =>
    median(samples.slice(Math.floor((samples.length * at) / 4), Math.floor((samples.length * (at + 1)) / 4)))
  const numbers = { saturation, rate: Math.round(saturation / 2), requests, failures, reloads, flaps }
  return { ...numbers, early: quarter(1), late: quarter(3), exitCode: code, stderr }
}

async function saturate(scope: Scope, gateway: GatewayProcess, seconds: number): Promise<number> {
  const whole = Math.ceil(seconds)
  const result = await startWrk(scope, { url: `${gateway.url}/1k`, duration: whole, threads: 1 }).result()
  return Math.round(result.requests / whole)
}

class Steady {
  requests = 0
  reloads = 0
  flaps = 0
  readonly failures: string[] = []
  readonly samples: Sample[] = []
  readonly #gateway: GatewayProcess
  readonly #deadline: number
  /** Milliseconds between two requests of one client. */
  readonly #pace: number

  constructor(gateway: GatewayProcess, deadline: number, rate: number) {
    this.#gateway = gateway
    this.#deadline = deadline
    this.#pace = (CLIENTS * 1000) / rate
  }

  async load(): Promise<void> {
    const [plain, secure] = this.#gateway.logs
      .filter(({ event }) => event === 'listening')
      .map(({ address }) => address)
    const client = (at: number) =>
      at % SECURE_EVERY === 0 ? secureClient(`https://${secure}/1k`) : plainClient(`http://${plain}/1k`)
    await Promise.all(Array.from({ length: CLIENTS }, (_, at) => this.#keepAsking(client(at))))
  }

  async sample(): Promise<void> {
    while (this.#goesOn()) {
      this.samples.push(sampleOf(this.#gateway.child.process.pid!))
      await sleep(200)
    }
  }

  async reload(every: number, reconfigure: (odd: boolean) => void): Promise<void> {
    while (await this.#pause(every)) {
      reconfigure(++this.reloads % 2 === 1)
      this.#gateway.signal('SIGHUP')
    }
  }

  /** The edge ends and comes back; the load goes on elsewhere meanwhile. */
  async flap(every: number, edge: Nginx): Promise<void> {
    while (await this.#pause(every)) {
      await edge.kill()
      this.flaps++
      await this.#pause(every)
      await edge.start()
    }
  }

  /** One request after the other, at its pace; who is late asks at once, so that the rate is kept. */
  async #keepAsking(client: SteadyClient): Promise<void> {
    let due = performance.now() + Math.random() * this.#pace
    for (let at = 1; this.#goesOn(); at++) {
      const wait = due - performance.now()
      if (wait > 1) await sleep(wait)
      due += this.#pace
      await this.#ask(client)
      if (at % KEPT_FOR === 0) client.leave()
    }
    client.leave()
  }

  async #ask(client: SteadyClient): Promise<void> {
    this.requests++
    try {
      const { status, body } = await client.ask()
      if (status !== 200 || body.length !== 1024) this.failures.push(`${status}, ${body.length} bytes`)
    } catch (error) {
      this.failures.push((error as Error).message)
    }
  }

  #goesOn(): boolean {
    return performance.now() < this.#deadline
  }

  /** False: the time is over. */
  async #pause(seconds: number): Promise<boolean> {
    await sleep(Math.max(0, Math.min(seconds * 1000, this.#deadline - performance.now())))
    return this.#goesOn()
  }
}

function sampleOf(pid: number): Sample {
  let rss = 0
  let handles = 0
  for (const each of [pid, ...childrenOf(pid)]) {
    rss += Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${each}/status`, 'utf8'))?.[1] ?? 0)
    handles += readdirSync(`/proc/${each}/fd`).length
  }
  return { rssMiB: Math.round(rss / 1024), handles }
}

function median(samples: readonly Sample[]): Sample {
  const middle = (pick: (sample: Sample) => number) =>
    samples.map(pick).sort((a, b) => a - b)[Math.floor(samples.length / 2)] ?? 0
  return { rssMiB: middle(({ rssMiB }) => rssMiB), handles: middle(({ handles }) => handles) }
}
