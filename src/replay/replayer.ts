import { CombinedLines } from './combined-line.ts'
import type { LogEntry, NoEntry } from './log-entry.ts'
import { LogRequests } from './log-request.ts'
import type { Meter } from './meter.ts'
import { readOwnLine } from './own-line.ts'
import type { Replay } from './replay.ts'
import { Tally } from './tally.ts'

/** So many skipped lines are told one by one. */
const TOLD = 10
/** More than a year before or after the first line, a time is a mistake. Milliseconds. */
const WINDOW = 400 * 86_400_000

/** Of CDNs that a log names; what the others did is told together. A log may be forged. */
const MOST_NAMES = 1_000
const OTHERS = '…'

const TOO_LONG: NoEntry = { why: 'longer than 64 KiB' }
const FAR_TIME: NoEntry = { why: 'more than 400 days from the first line' }

export interface Skipped {
  /** From 1. */
  readonly line: number
  readonly why: string
}

export interface LineCounts {
  read: number
  replayed: number
  /** Events and empty lines. */
  others: number
  skipped: number
}

export interface Move {
  readonly from: string
  readonly to: string
  readonly requests: number
}

export interface ReplayerParts {
  readonly replay: Replay
  /** What it is compared with. */
  readonly against: Replay | null
  /** For what the log says itself. */
  readonly meter: Meter
  /** Of combined lines without one. */
  readonly host: string | null
}

/** Feeds the lines of logs to one or two configurations, and keeps count of what is no request. */
export class Replayer {
  readonly #parts: ReplayerParts
  readonly #combined: CombinedLines
  readonly #requests = new LogRequests()
  readonly #log: Tally
  readonly #why = new Map<string, number>()
  readonly #names = new Set<string>()
  readonly #moves = new Map<string, Map<string, number>>()
  readonly counts: LineCounts = { read: 0, replayed: 0, others: 0, skipped: 0 }
  readonly firstSkipped: Skipped[] = []
  /** Milliseconds since 1970 of the earliest and the latest request; NaN before there is one. */
  from = Number.NaN
  to = Number.NaN
  #start = Number.NaN
  #ownLines = 0

  constructor(parts: ReplayerParts) {
    this.#parts = parts
    this.#combined = new CombinedLines(parts.host)
    this.#log = new Tally(parts.meter)
  }

  /** @param line null: it was too long */
  line(line: string | null): void {
    this.counts.read++
    if (line === '') this.counts.others++
    else {
      const fault = line === null ? TOO_LONG : this.#replay(line)
      if (fault !== undefined) this.#skip(fault)
    }
  }

  /** Counts by reason. */
  get skipped(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#why].sort(([, a], [, b]) => b - a))
  }

  /**
   * Requests that another one serves than with the configuration that was compared with; most first. Where both draw
   * between the two, that is chance and no move.
   */
  get moves(): readonly Move[] {
    const all = [...this.#moves].flatMap(([from, tos]) => [...tos].map(([to, requests]) => ({ from, to, requests })))
    return all.sort((a, b) => b.requests - a.requests)
  }

  /** What the log says of who served; null: it says nothing. */
  get log() {
    return this.#ownLines === 0 ? null : this.#log.summary()
  }

  /** Why it is no request; undefined: it is one. */
  #replay(line: string): NoEntry | undefined {
    const entry = line.charCodeAt(0) === 123 ? readOwnLine(line) : this.#combined.read(line)
    if (entry === null || 'why' in entry) return entry
    if (Number.isNaN(this.#start)) this.#start = entry.time
    if (Math.abs(entry.time - this.#start) > WINDOW) return FAR_TIME
    const request = this.#requests.read(entry)
    if (request === null || 'why' in request) return request
    const { replay, against } = this.#parts
    const to = replay.steer(entry, request, this.counts.read)
    const from = against?.steer(entry, request, this.counts.read) ?? to
    if (from !== to && !(replay.drew(from, to) && against?.drew(from, to))) this.#move(from, to)
    this.#note(entry)
    return undefined
  }

  #note(entry: LogEntry): void {
    const { time, bytes, happened } = entry
    this.counts.replayed++
    if (!(time >= this.from)) this.from = time
    if (!(time <= this.to)) this.to = time
    if (happened === null) return
    this.#ownLines++
    this.#log.served({ cdn: this.#known(happened.servedBy), km: null, bytes, continent: null, time })
    for (const cdn of happened.failedAt) this.#log.failedAt(this.#known(cdn))
  }

  #known(cdn: string): string {
    if (this.#names.size < MOST_NAMES) this.#names.add(cdn)
    return this.#names.has(cdn) ? cdn : OTHERS
  }

  #move(from: string, to: string): void {
    let tos = this.#moves.get(from)
    if (tos === undefined) {
      tos = new Map()
      this.#moves.set(from, tos)
    }
    tos.set(to, (tos.get(to) ?? 0) + 1)
  }

  #skip(fault: NoEntry): void {
    if (fault === null) {
      this.counts.others++
      return
    }
    this.counts.skipped++
    this.#why.set(fault.why, (this.#why.get(fault.why) ?? 0) + 1)
    if (this.firstSkipped.length < TOLD) this.firstSkipped.push({ line: this.counts.read, why: fault.why })
  }
}
