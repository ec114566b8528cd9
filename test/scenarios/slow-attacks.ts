import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { certificate } from '../helpers/certificates.ts'
import { type Gateway, startGateway } from '../helpers/gateway.ts'
import { socketsOf } from '../helpers/process-sockets.ts'
import type { Scope } from '../helpers/scope.ts'
import { until } from '../helpers/wait.ts'
import { NormalClients, type NormalReport } from './normal-clients.ts'
import { type Entrance, SLOW_KINDS, type SlowKind } from './slow-clients.ts'

export interface SlowAttackOptions {
  readonly connections: number
  readonly workers: number
  /** Milliseconds: what the gateway is told to wait for anything. */
  readonly patience: number
  /** Also those who are ended by the least rate of a body only, after more than 30 s. */
  readonly patient: boolean
}

export interface SlowAttackReport {
  readonly opened: number
  /** Milliseconds from the first connection to the end of the last, by kind, as the clients see it. */
  readonly lasted: Readonly<Record<string, number>>
  /** Kinds of whom some are still there, or were told something else than they should. */
  readonly findings: readonly string[]
  /** Milliseconds until the gateway had no more sockets than before. */
  readonly clear: number
  readonly sockets: { readonly before: number; readonly most: number; readonly after: number }
  readonly normal: NormalReport
  readonly exitCode: number | null
  readonly stderr: string
}

const AT_ONCE = 250
const HUGE = Buffer.alloc(64 * 1024 * 1024)
/** Longest that a gateway waits beyond what it is told: its own looks, and this machine's load. */
const LEEWAY = 25_000
/** New connections of normal clients, and their upstreams. */
const SPARE = 8
/** See RequestBody. */
const RATE_GRACE = 30_000

/** Clients of every slow kind at once, and beside them some who ask as everybody does. */
export async function slowAttack(scope: Scope, options: SlowAttackOptions): Promise<SlowAttackReport> {
  const gateway = await startGateway(scope, configOf(await upstreamUrl(scope), options))
  const pid = gateway.child.process.pid!
  const normal = new NormalClients(scope, entrances(gateway))
  await normal.warmUp()
  const before = socketsOf(pid)
  normal.start()
  const attack = new Attack(scope, entrances(gateway), options)
  const census = new Census(scope, pid)
  const began = performance.now()
  await attack.open()
  const clear = () => census.most > before + SPARE && census.now <= before + SPARE
  const allowed = options.patience * 3 + LEEWAY + (options.patient ? RATE_GRACE + 10_000 : 0)
  const cleared = await until(clear, { timeout: allowed, interval: 100 }).catch(() => false)
  const took = Math.round(performance.now() - began)
  const findings = await attack.end()
  await normal.stop()
  const after = socketsOf(pid)
  attack.leave()
  const { code, stderr } = await gateway.close()
  if (cleared === false)
    findings.push(`${after} sockets of the gateway after ${took} ms, ${before} before, ${census.most} at most`)
  const sockets = { before, most: census.most, after }
  return {
    opened: attack.clients.length,
    lasted: attack.lasted(),
    findings,
    clear: took,
    sockets,
    normal: normal.report(),
    exitCode: code,
    stderr,
  }
}

function configOf(origin: string, { workers, patience }: SlowAttackOptions) {
  const { certFile, keyFile } = certificate('localhost')
  const wait = `${patience}ms`
  const tls = { certificates: [{ cert_file: certFile, key_file: keyFile }] }
  return {
    workers,
    listen: [{ address: '127.0.0.1:0' }, { address: '127.0.0.2:0', tls }, { address: '127.0.0.3:0', h2c: true }],
    limits: { connections: 9_000, header_timeout: wait, idle_timeout: wait, send_timeout: wait },
    policies: { default: { mode: 'origin', retry: { body_idle_timeout: wait } } },
    sites: [{ name: 'www', hosts: ['*'], origin: { urls: [origin] } }],
  }
}

function entrances(gateway: Gateway): Readonly<Record<Entrance, URL>> {
  const listening = gateway.logs.filter(({ event }) => event === 'listening')
  const of = (host: string, scheme: string) => {
    const address = listening.map((line) => String(line.address)).find((each) => each.startsWith(`${host}:`))
    return new URL(`${scheme}://${address}/`)
  }
  return { plain: of('127.0.0.1', 'http'), tls: of('127.0.0.2', 'https'), h2c: of('127.0.0.3', 'http') }
}

/** Waits for the whole of what it is sent; `/huge` is more than anybody's buffers hold. */
async function upstreamUrl(scope: Scope): Promise<string> {
  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    request.on('error', () => {}).resume()
    request.once('end', () => response.end(request.url === '/huge' ? HUGE : 'fine'))
  })
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 })
  await once(server, 'listening')
  scope.teardown(() => server.close().closeAllConnections())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Looks again and again how many sockets the gateway has. */
class Census {
  now = 0
  most = 0

  constructor(scope: Scope, pid: number) {
    const look = () => {
      this.now = socketsOf(pid)
      this.most = Math.max(this.most, this.now)
    }
    look()
    const looking = setInterval(look, 100)
    scope.teardown(() => clearInterval(looking))
  }
}

class SlowClient {
  readonly name: string
  readonly kind: SlowKind
  readonly socket: Socket
  told = ''
  /** When the gateway left. */
  ended: number | null = null

  constructor(name: string, kind: SlowKind, { hostname: host, port }: URL) {
    this.name = name
    this.kind = kind
    // It never leaves first, and does not answer a FIN with its own.
    this.socket = connect({ port: Number(port), host, allowHalfOpen: true, noDelay: true })
    const end = () => {
      this.ended ??= performance.now()
    }
    this.socket.on('end', end).on('close', end).on('error', end)
    if (kind.deaf) this.socket.pause()
    else this.socket.on('data', (chunk) => this.#hear(chunk))
    this.socket.write(kind.opening)
  }

  #hear(chunk: string | Buffer): void {
    if (this.told.length < 100) this.told += chunk.toString('latin1' as never)
  }

  drip(): void {
    if (this.kind.drip !== null && this.ended === null && this.socket.writable) this.socket.write(this.kind.drip)
  }

  /** Reads at last, to see how it was left. */
  listen(): void {
    if (this.kind.deaf) this.socket.on('data', () => {}).resume()
  }
}

class Attack {
  readonly clients: SlowClient[] = []
  readonly #entrances: Readonly<Record<Entrance, URL>>
  readonly #options: SlowAttackOptions
  #began = 0

  constructor(scope: Scope, at: Readonly<Record<Entrance, URL>>, options: SlowAttackOptions) {
    this.#entrances = at
    this.#options = options
    const dripping = setInterval(() => this.#drip(), options.patience / 2)
    scope.teardown(() => clearInterval(dripping))
    scope.teardown(() => this.leave())
  }

  leave(): void {
    for (const { socket } of this.clients) socket.destroy()
  }

  async open(): Promise<void> {
    this.#began = performance.now()
    const { connections, patient } = this.#options
    const kinds = Object.entries(SLOW_KINDS).filter(([, kind]) => patient || !kind.patient)
    while (this.clients.length < connections) {
      const batch = Array.from({ length: Math.min(AT_ONCE, connections - this.clients.length) }, (_, at) => {
        const [name, kind] = kinds[(this.clients.length + at) % kinds.length]!
        return new SlowClient(name, kind, this.#entrances[kind.entrance])
      })
      this.clients.push(...batch)
      await until(() => batch.every(({ socket, ended }) => !socket.connecting || ended !== null), { what: 'a batch' })
    }
  }

  #drip(): void {
    for (const client of this.clients) client.drip()
  }

  /** What should not be, in words. */
  async end(): Promise<string[]> {
    for (const client of this.clients) client.listen()
    const gone = () => this.clients.every(({ ended }) => ended !== null)
    await until(gone).catch(() => {})
    const odd = new Map<string, number>()
    for (const { name, kind, ended, told } of this.clients) {
      const wrong = ended === null ? 'not cut' : kind.told?.test(told) === false ? `told ${JSON.stringify(told)}` : null
      if (wrong !== null) odd.set(`${name}: ${wrong}`, (odd.get(`${name}: ${wrong}`) ?? 0) + 1)
    }
    return [...odd].map(([what, count]) => `${count} × ${what}`)
  }

  lasted(): Record<string, number> {
    const longest: Record<string, number> = {}
    for (const { name, ended } of this.clients) {
      longest[name] = Math.max(longest[name] ?? 0, Math.round((ended ?? Number.POSITIVE_INFINITY) - this.#began))
    }
    return longest
  }
}
