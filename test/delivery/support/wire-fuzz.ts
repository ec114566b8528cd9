import { once } from 'node:events'
import { Agent, request as ask } from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { createServer as createTls } from 'node:tls'
import { SURROUNDINGS } from '../../../src/delivery/connect-options.ts'
import { resetSocket } from '../../../src/delivery/reset-socket.ts'
import type { AnswerHandler } from '../../../src/delivery/wire/answer-handler.ts'
import { Dialler } from '../../../src/delivery/wire/dialler.ts'
import { WirePool } from '../../../src/delivery/wire/pool.ts'
import { spend } from '../../../src/delivery/wire/read-buffers.ts'
import { CA, certificate } from '../../helpers/certificates.ts'
import type { FuzzOptions } from '../../helpers/random.ts'
import type { Scope } from '../../helpers/scope.ts'
import { until, within } from '../../helpers/wait.ts'
import { Fuzz } from '../../http/support/fuzz.ts'
import { dialling } from './parts.ts'
import { type Meant, type Plan, WirePlans } from './wire-plans.ts'

export interface WireFuzzResult {
  readonly answers: number
  /** How the exchanges ended: `valid`, `given up`, and of damaged answers `read` and `refused`. */
  readonly seen: Readonly<Record<string, number>>
  /** Requests that found a connection. */
  readonly reused: number
  /** What must never be; empty. */
  readonly bad: readonly string[]
}

const AT_ONCE = 6
/** Node takes what an interim answer says of the connection for a word about what follows it. */
const FORGIVEN = /Data after `Connection: close`/
const RIGHT: Meant = { status: 200, fields: ['content-length', '16'], body: 'the right answer' }
const CHECK: Plan = {
  method: 'GET',
  parts: [Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 16\r\n\r\nthe right answer')],
  end: 'stay',
  goesOn: false,
  meant: RIGHT,
}

/**
 * Answers that are right, in every way to write them, and damaged ones, to our client and to Node's: what is right is read
 * as it was meant, by both; of what is damaged ours reads what Node's reads, or nothing that looks complete. Readers
 * pause, leave, and keep bytes for long. Behind each answer the next request has its own, and nothing is left in the end.
 */
export async function fuzzWire(scope: Scope, { random, more }: FuzzOptions): Promise<WireFuzzResult> {
  const plain = await PlannedUpstream.start(scope, createServer({ noDelay: true }), 'http')
  const secure = await PlannedUpstream.start(scope, createTls({ ...certificate('localhost'), noDelay: true }), 'https')
  const result = { answers: 0, seen: {} as Record<string, number>, reused: 0, bad: [] as string[] }
  const plans = new WirePlans(random)
  const fuzz = new Fuzz(random)
  const worker = async (upstream: PlannedUpstream) => {
    const pool = poolTo(upstream.url)
    scope.teardown(() => pool.destroy())
    while (more() && result.bad.length < 10) {
      result.answers++
      const plan = fuzz.chance(0.6) ? plans.valid() : plans.damaged()
      const found = await converse(upstream, { plan, pool, fuzz, plain }).catch((error: Error) => {
        result.bad.push(`${error.message} of ${shown(plan)}`)
        return 'bad'
      })
      result.seen[found] = (result.seen[found] ?? 0) + 1
    }
    await within(pool.close(), 'the pool to close')
  }
  await Promise.all(Array.from({ length: AT_ONCE }, (_, at) => worker(at % 3 === 2 ? secure : plain)))
  await until(() => plain.open + secure.open === 0, { what: 'no connection to be left' })
  result.reused = plain.requests + secure.requests - plain.connections - secure.connections
  return result
}

function poolTo(url: string): WirePool {
  const tls = { serverName: 'edge.test', verify: true, ca: CA, clientCertificate: null }
  const dialler = new Dialler(dialling('a', url, url.startsWith('https:') ? { tls } : {}), '', SURROUNDINGS)
  return new WirePool((onread, done) => dialler.open(onread, done))
}

interface Conversation {
  readonly plan: Plan
  readonly pool: WirePool
  readonly fuzz: Fuzz
  /** Whom Node's client asks. */
  readonly plain: PlannedUpstream
}

/** One answer, and another to the next request. Throws what is wrong. */
async function converse(upstream: PlannedUpstream, { plan, pool, fuzz, plain }: Conversation): Promise<string> {
  const { path, sent } = upstream.play(plan)
  const reader = new Reader(fuzz)
  pool.dispatch({ method: plan.method, path, headers: ['host', 'a'] }, reader)
  const read = await within(reader.finished, 'the end of the exchange')
  const found = read === 'given up' ? read : await judge(plan, read, plain)
  // What it still has to say comes before the next request goes: later it would be the answer to that.
  if (plan.goesOn && read !== 'given up') await within(sent, 'all of it to be sent')
  for (let turns = 0; turns < 3; turns++) await turn()
  reader.free()
  const next = new Reader(null)
  pool.dispatch({ method: 'GET', path: upstream.play(CHECK).path, headers: ['host', 'a'] }, next)
  const right = await within(next.finished, 'the end of the next exchange')
  if (!isAs(right, RIGHT)) throw new Error(`the next answer is ${brief(right)}`)
  await turn()
  if (reader.late + next.late > 0) throw new Error('something came after the end')
  return found
}

async function judge(plan: Plan, read: Meant | Error, plain: PlannedUpstream): Promise<string> {
  const reference = await nodeReads(plain, plan)
  if (plan.meant !== null) {
    if (!isAs(read, plan.meant)) throw new Error(`read as ${brief(read)}, meant as ${brief(plan.meant)}`)
    if (!isAs(reference, plan.meant)) throw new Error(`Node reads ${brief(reference)}, meant as ${brief(plan.meant)}`)
    return 'valid'
  }
  if (read instanceof Error) return 'refused'
  // What a reset overtakes may be lost to the one and not to the other.
  if (reference instanceof Error && (plan.end === 'reset!' || FORGIVEN.test(reference.message))) return 'read'
  if (reference instanceof Error || !isAs(read, reference)) {
    throw new Error(`read as ${brief(read)}, by Node as ${brief(reference)}`)
  }
  return 'read'
}

function isAs(read: Meant | Error | string, meant: Meant): boolean {
  if (typeof read === 'string' || read instanceof Error) return false
  return read.status === meant.status && read.body === meant.body && read.fields.join('\n') === meant.fields.join('\n')
}

/** A client of answers that reads as it likes: slowly, to the half, with bytes that it keeps for long. */
class Reader implements AnswerHandler {
  readonly #fuzz: Fuzz | null
  readonly #end = Promise.withResolvers<Meant | Error | 'given up'>()
  readonly #keeps: boolean
  readonly #spends: boolean
  readonly #chunks: Buffer[] = []
  #held: Buffer[] = []
  #head: Omit<Meant, 'body'> | null = null
  #left: number
  #abort: (() => void) | null = null
  #resume: () => void = () => {}
  #over = false
  late = 0

  /** @param fuzz null: reads all of it at once */
  constructor(fuzz: Fuzz | null) {
    this.#fuzz = fuzz
    this.#keeps = fuzz?.chance(0.3) ?? false
    this.#spends = fuzz?.chance(0.7) ?? true
    this.#left = fuzz?.chance(0.1) ? fuzz.below(6) : Number.POSITIVE_INFINITY
  }

  get finished(): Promise<Meant | Error | 'given up'> {
    return this.#end.promise
  }

  onConnect(abort: () => void): void {
    this.#abort = abort
    this.#leave()
  }

  onHeaders(status: number, rawHeaders: Buffer[], resume: () => void): boolean {
    if (this.#over) this.late++
    if (this.#leave()) return false
    this.#resume = resume
    if (status >= 200) this.#head = { status, fields: rawHeaders.map((text) => text.toString('latin1')) }
    return status < 200 || this.#goesOn()
  }

  onData(chunk: Buffer): boolean {
    if (this.#over) this.late++
    if (this.#leave()) return false
    const isKept = this.#keeps && this.#fuzz!.chance(0.3)
    this.#chunks.push(isKept ? chunk : Buffer.from(chunk))
    if (isKept) this.#held.push(chunk)
    else if (this.#spends) spend(chunk)
    return this.#goesOn()
  }

  onComplete(): void {
    if (this.#over) this.late++
    this.#over = true
    void this.#finish()
  }

  onError(error: Error): void {
    if (this.#over) this.late++
    if (!this.#over) this.#end.resolve(error)
    this.#over = true
  }

  /** Nobody holds the bytes any more. */
  free(): void {
    if (this.#spends) for (const chunk of this.#held) spend(chunk)
    this.#held = []
  }

  async #finish(): Promise<void> {
    // Others read meanwhile.
    if (this.#keeps) for (let turns = this.#fuzz!.below(6); turns > 0; turns--) await turn()
    const body = Buffer.concat(this.#chunks).toString('latin1')
    this.#end.resolve({ ...this.#head!, body })
  }

  #leave(): boolean {
    if (this.#left-- > 0) return false
    this.#over = true
    this.#end.resolve('given up')
    const late = this.late
    this.#abort!()
    // It says so once, and this is when.
    this.late = late
    return true
  }

  #goesOn(): boolean {
    const fuzz = this.#fuzz
    if (fuzz === null || !fuzz.chance(0.2)) return true
    void this.#resumeLater(fuzz.below(4))
    return false
  }

  async #resumeLater(turns: number): Promise<void> {
    await null
    for (let left = turns; left > 0; left--) await turn()
    this.#resume()
  }
}

/** Does what it is told with the request for each path. */
class PlannedUpstream {
  readonly url: string
  requests = 0
  connections = 0
  open = 0
  readonly #port: number
  readonly #plans = new Map<string, { readonly plan: Plan; readonly sent: () => void }>()
  #count = 0

  private constructor(scheme: string, port: number) {
    this.#port = port
    this.url = `${scheme}://127.0.0.1:${port}`
  }

  static async start(scope: Scope, server: Server, scheme: 'http' | 'https'): Promise<PlannedUpstream> {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const upstream = new PlannedUpstream(scheme, (server.address() as AddressInfo).port)
    const sockets = new Set<Socket>()
    server.on('tlsClientError', () => {})
    server.on(scheme === 'http' ? 'connection' : 'secureConnection', (socket: Socket) => {
      sockets.add(socket)
      upstream.#accept(socket.on('close', () => sockets.delete(socket)))
    })
    scope.teardown(() => {
      server.close()
      for (const socket of sockets) socket.destroy()
    })
    return upstream
  }

  get port(): number {
    return this.#port
  }

  /** Where to ask for an answer, and when all of it was sent to whoever asked. */
  play(plan: Plan): { readonly path: string; readonly sent: Promise<void> } {
    const path = `/${++this.#count}`
    const sent = Promise.withResolvers<void>()
    this.#plans.set(path, { plan, sent: sent.resolve })
    return { path, sent: sent.promise }
  }

  /** Nobody asks for it any more: on a connection that was left it may have been asked for twice. */
  forget(path: string): void {
    this.#plans.delete(path)
  }

  #accept(socket: Socket): void {
    this.connections++
    this.open++
    let text = ''
    socket.on('error', () => {})
    socket.on('close', () => this.open--)
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      const path = /^[A-Z]+ (\S+) .*\r\n\r\n$/s.exec(text)?.[1]
      if (path === undefined) return
      text = ''
      this.requests++
      void this.#answer(socket, path)
    })
  }

  async #answer(socket: Socket, path: string): Promise<void> {
    const { plan, sent } = this.#plans.get(path)!
    for (const part of plan.parts) {
      // Of a connection that is gone it hears so at once.
      await new Promise((resolve) => socket.write(part, resolve))
      await turn()
    }
    if (plan.end === 'end!') socket.end()
    else if (plan.end === 'reset!') resetSocket(socket)
    sent()
  }
}

/** What Node's own client makes of it. */
async function nodeReads(upstream: PlannedUpstream, plan: Plan): Promise<Meant | Error> {
  const agent = new Agent({ keepAlive: false })
  const { path } = upstream.play(plan)
  const request = ask({ port: upstream.port, host: '127.0.0.1', path, method: plan.method, agent })
  const read = new Promise<Meant | Error>((resolve) => {
    let complete = () => false
    // Of bytes behind the end it complains here, though nothing is wrong with the answer.
    request.on('error', (error) => (complete() ? undefined : resolve(error)))
    request.on('upgrade', (_, socket) => {
      socket.destroy()
      resolve(new Error('an upgrade'))
    })
    request.on('response', (response) => {
      const chunks: Buffer[] = []
      complete = () => response.complete
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', resolve)
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString('latin1')
        const { statusCode, rawHeaders } = response
        resolve(complete() ? { status: statusCode!, fields: rawHeaders, body } : new Error('incomplete'))
      })
    })
    request.end()
  })
  try {
    return await within(read, "the end of Node's exchange")
  } finally {
    request.destroy()
    agent.destroy()
  }
}

function brief(read: Meant | Error | string): string {
  if (typeof read === 'string') return read
  if (read instanceof Error) return `${read.message}`
  const { status, fields, body } = read
  return JSON.stringify({ status, fields, length: body.length, body: body.slice(0, 300) })
}

function shown({ method, parts, end }: Plan): string {
  return `${method} ${JSON.stringify(parts.map((part) => part.toString('latin1').slice(0, 1500)))} ${end}`.slice(
    0,
    4000,
  )
}
