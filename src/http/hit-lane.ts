import type { Socket } from 'node:net'
import type { Limits } from '../config/snapshot.ts'
import { resetSocket } from '../delivery/reset-socket.ts'
import { isTaken, SendWatch, socketOutlet } from '../delivery/send-watch.ts'
import type { Timers } from '../delivery/timers.ts'
import type { HitFinder, ReadyHit } from './cached/ready-hit.ts'
import { isIdle } from './pipeline.ts'
import { PlainRequests } from './plain-request.ts'

/** What holds for all connections of a listener, and may change with a reload. */
export interface LaneRules extends Pick<Limits, 'headers' | 'sendTimeout'> {
  /** What a head that is answered with says of the connection, and the empty line behind it. */
  readonly ending: string
  /** An answer is the last one of its connection. */
  readonly closing: boolean
}

/** @param closing an answer is the last one of its connection */
export function laneRules({ headers, sendTimeout, idleTimeout }: Limits, closing: boolean): LaneRules {
  const lasts = idleTimeout > 0 ? `Keep-Alive: timeout=${Math.floor(idleTimeout / 1000)}\r\n` : ''
  return { headers, sendTimeout, closing, ending: `Connection: keep-alive\r\n${lasts}\r\n` }
}

export interface LaneOptions {
  readonly find: HitFinder
  readonly timers: Timers
  readonly rules: () => LaneRules
  /** Gives the connection to Node's server, which listens to its data from then on. */
  join(socket: Socket): void
  /** An answer was written, at this time. */
  answered(socket: Socket, now: number): void
}

/** Bytes: a content that is written in one piece with its head, which costs less than two. */
const ONE_PIECE = 8_192
const NOTHING = Buffer.alloc(0)

const LANE = Symbol('lane')
type LanedSocket = Socket & { [LANE]?: HitLane }

/** `incoming`: the request that Node's parser read last. */
interface ParsedSocket extends Socket {
  readonly parser?: { readonly incoming: { readonly complete: boolean } | null } | null
}

/**
 * Reads a connection before Node's server does, and answers what the cache has ready without it: no parser, no streams, one
 * write. A request that is anything else goes on to Node with the very bytes that came. The lane answers again only where it
 * knows that Node has nothing left to read or to write, and leaves the connection where it cannot know that any more.
 */
export class HitLane {
  readonly #socket: Socket
  readonly #options: LaneOptions
  readonly #requests: PlainRequests
  /** Node's own listener, once it has the connection too. */
  #node: ((chunk: Buffer) => void) | null = null
  /** What Node was given last ends a request, if anything. */
  #isBetween = true
  #watch: SendWatch | null = null

  static enter(socket: LanedSocket, options: LaneOptions): void {
    socket[LANE] = new HitLane(socket, options)
  }

  /** Node reads on by itself: content is coming, or what is no HTTP, behind which nothing is a request. */
  static leaveToNode(socket: LanedSocket): void {
    const lane = socket[LANE]
    if (lane === undefined) return
    HitLane.leave(socket)
    if (lane.#node !== null) socket.on('data', lane.#node)
  }

  /** Whoever has the connection from now on reads it. */
  static leave(socket: LanedSocket): void {
    const lane = socket[LANE]
    if (lane !== undefined) socket.off('data', lane.#onData)
    delete socket[LANE]
  }

  private constructor(socket: Socket, options: LaneOptions) {
    this.#socket = socket
    this.#options = options
    this.#requests = new PlainRequests(socket)
    socket.on('data', this.#onData).on('end', this.#onEnd)
    socket.once('close', () => this.#watch?.stop())
  }

  readonly #onData = (chunk: Buffer): void => {
    const hit = this.#mayAnswer() ? this.#find(chunk) : null
    if (hit === null) this.#passOn(chunk)
    else this.#answer(hit)
  }

  #mayAnswer(): boolean {
    if (this.#socket.writableLength > 0 || this.#options.rules().closing) return false
    return this.#node === null || (this.#isBetween && isIdle(this.#socket))
  }

  #find(chunk: Buffer): ReadyHit | null {
    const raw = this.#requests.read(chunk, this.#options.rules().headers)
    return raw === null ? null : this.#options.find(raw)
  }

  #answer({ head, content, written }: ReadyHit): void {
    const socket = this.#socket
    write(socket, head + this.#options.rules().ending, content)
    const now = this.#options.timers.now()
    if (!isTaken(socket)) this.#waitForClient()
    written(now)
    this.#options.answered(socket, now)
  }

  #waitForClient(): void {
    const outlet = socketOutlet(this.#socket)
    const { timers, rules } = this.#options
    const onStall = () => resetSocket(this.#socket)
    // Node's, since its last answer: for a connection that is idle, which this one is not.
    if (this.#socket.timeout) this.#socket.setTimeout(0)
    this.#watch ??= new SendWatch(outlet, { timers, timeout: rules().sendTimeout, onStall })
    this.#watch.wait()
  }

  #passOn(chunk: Buffer): void {
    this.#node ??= this.#join()
    this.#node(chunk)
    // Empty lines alone begin no request: where Node waits for the first one it would say that it is late.
    this.#isBetween = endsHead(chunk) && isAsked(this.#socket)
  }

  /** Node takes a connection to read it itself, and leaves that to others as soon as somebody else listens to its data. */
  #join(): (chunk: Buffer) => void {
    const socket = this.#socket
    socket.off('data', this.#onData).off('end', this.#onEnd)
    this.#options.join(socket)
    const [node] = socket.listeners('data') as ((chunk: Buffer) => void)[]
    socket.off('data', node!)
    socket.on('data', this.#onData)
    return node!
  }

  readonly #onEnd = (): void => void this.#socket.end()
}

function write(socket: Socket, head: string, content: readonly Buffer[]): void {
  const [first = NOTHING] = content
  if (content.length <= 1 && first.length <= ONE_PIECE) {
    socket.write(head + first.toString('latin1'), 'latin1')
    return
  }
  socket.cork()
  socket.write(head, 'latin1')
  for (const chunk of content) socket.write(chunk)
  socket.uncork()
}

/** CR LF CR LF. */
function endsHead(chunk: Buffer): boolean {
  const { length } = chunk
  return length >= 4 && chunk.readUInt32BE(length - 4) === 0x0d0a0d0a
}

/** Node's parser has read a request to its end, and it is not answered yet. */
function isAsked({ parser }: ParsedSocket): boolean {
  return parser?.incoming?.complete === true
}
