import cluster, { type Worker } from 'node:cluster'
import { PolycdnError } from '../errors.ts'
import type { FromWorker, Question, Refusal, ToWorker } from './messages.ts'
import { WholeLines } from './whole-lines.ts'

/** How a process ended. */
export interface Death {
  readonly code: number | null
  readonly signal: string | null
}

export interface MemberEvents {
  onLine(line: string): void
  onMessage(member: Member, message: FromWorker): void
  /** It has ended, and all that it wrote has come. */
  onGone(member: Member, death: Death): void
  /** Milliseconds; default 15,000. */
  readonly patience?: number
}

/** What a worker must answer within. A process that is silent for longer serves nobody. Milliseconds. */
const PATIENCE = 15_000
/** How often one that serves is asked whether it still does, in parts of that. */
const ASKED_IN_TIME = 3

type Unasked = Question extends infer Each ? (Each extends Question ? Omit<Each, 'id'> : never) : never

/** One process that serves, as the primary sees it. */
export class Member {
  readonly #worker: Worker
  readonly #patience: number
  readonly #questions = new Map<number, PromiseWithResolvers<readonly string[]>>()
  #nextId = 1
  #gone = false
  #watch: NodeJS.Timeout | null = null

  constructor(events: MemberEvents) {
    this.#patience = events.patience ?? PATIENCE
    this.#worker = cluster.fork()
    const { process: child } = this.#worker
    const lines = new WholeLines(events.onLine)
    child.stdout?.on('data', (chunk: Buffer) => lines.push(chunk))
    this.#worker.on('error', () => {})
    this.#worker.on('message', (message: FromWorker) => {
      if (message.type === 'answer') this.#answer(message.id, message.refused, message.addresses)
      else events.onMessage(this, message)
    })
    child.once('close', (code, signal) => {
      this.#gone = true
      if (this.#watch !== null) clearInterval(this.#watch)
      for (const id of this.#questions.keys()) this.#answer(id, LOST, [])
      events.onGone(this, { code, signal })
    })
  }

  get pid(): number {
    return this.#worker.process.pid ?? 0
  }

  /** Names it among the parts of metrics. */
  get name(): string {
    return String(this.#worker.id)
  }

  tell(message: ToWorker): void {
    if (!this.#gone && this.#worker.isConnected()) this.#worker.send(message, () => {})
  }

  /**
   * Resolves to where it listens. Throws MemberRefused, or MemberLost when it ends before it answers; one that does not
   * answer in time is killed.
   */
  async ask(question: Unasked): Promise<readonly string[]> {
    const id = this.#nextId++
    const answer = Promise.withResolvers<readonly string[]>()
    this.#questions.set(id, answer)
    if (this.#gone) this.#answer(id, LOST, [])
    else this.tell({ ...question, id } as Question)
    // If this process itself was stopped, the answer is there already and will be read before.
    const late = setTimeout(() => setImmediate(() => this.#questions.has(id) && this.kill()), this.#patience)
    return answer.promise.finally(() => clearTimeout(late))
  }

  /** From now on it has to answer, or it is killed: the kernel would go on to give it connections. */
  watch(): void {
    const ping = () => void this.ask({ type: 'ping' }).catch(() => {})
    this.#watch = setInterval(ping, this.#patience / ASKED_IN_TIME).unref()
  }

  kill(): void {
    this.#worker.process.kill('SIGKILL')
  }

  #answer(id: number, refused: Refusal | null | typeof LOST, addresses: readonly string[]): void {
    const question = this.#questions.get(id)
    this.#questions.delete(id)
    if (refused === LOST) question?.reject(new MemberLost())
    else if (refused !== null) question?.reject(new MemberRefused(refused))
    else question?.resolve(addresses)
  }
}

const LOST = Symbol('lost')

/** A worker ended while it was asked for something. */
export class MemberLost extends PolycdnError {
  constructor() {
    super('worker_failed', 'a worker process ended')
  }
}

/** A worker cannot do what it was asked for. */
export class MemberRefused extends PolycdnError {
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(refusal.code, refusal.message)
    this.refusal = refusal
  }
}

/** What cluster.fork starts. `program` is a file for this Node. */
export function setUpMembers(program: string, args: readonly string[]): void {
  const stdio = ['ignore', 'pipe', 'inherit', 'ipc'] as const
  cluster.setupPrimary({ exec: program, args: [...args], serialization: 'advanced', stdio: [...stdio] })
}
