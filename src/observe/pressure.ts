import { monitorEventLoopDelay } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'

/** What may be short. */
export type Shortage = 'event_loop' | 'heap' | 'memory'

/** What is short, and for how many of the requests there is none: 0 to 1. */
export interface Reading {
  readonly reason: Shortage
  readonly share: number
}

/** How the process is. Milliseconds; parts of what may be used, 0 to 1. */
export interface Vitals {
  readonly delay: number
  readonly heap: number
  readonly memory: number
}

/** The memory of this process. Bytes; what it may have is all processes' together, 0 where there is no limit. */
export interface Memory {
  used(): number
  readonly limit: number
}

export interface PressureOptions {
  readonly vitals: () => Vitals
  /** Uniform in [0, 1). */
  readonly random: () => number
  /** Requests begin to be shed, or are no longer. */
  readonly onChange: (reading: Reading | null) => void
}

/** Where shedding begins, and where it takes everything that it may. */
const DELAY = [500, 2_000] as const
const MEMORY = [0.85, 0.95] as const
/** The few that pass show when it is over, and keep the collector of garbage at work. */
const MOST = 0.95
const EVERY = 1_000
const RESOLUTION = 20
/** Bytes: kernels say that there is no limit by one of this kind. */
const UNLIMITED = 2 ** 50

/**
 * Sheds a share of new requests while the event loop is late or memory is nearly used up. The share grows with the
 * shortage, so that it settles where the gateway keeps up, instead of swinging between everything and nothing.
 */
export class Pressure {
  readonly #options: PressureOptions
  readonly #interval: NodeJS.Timeout
  #reading: Reading | null = null

  constructor(options: PressureOptions) {
    this.#options = options
    this.#interval = setInterval(() => this.look(), EVERY).unref()
  }

  /** Whether some requests are shed now. */
  get isShort(): boolean {
    return this.#reading !== null
  }

  /** What the next request is to be refused for; null: it may pass. */
  sheds(): Shortage | null {
    const reading = this.#reading
    return reading !== null && this.#options.random() < reading.share ? reading.reason : null
  }

  /** Once a second by itself. */
  look(): void {
    const before = this.#reading
    this.#reading = shortageOf(this.#options.vitals())
    if ((before === null) !== (this.#reading === null)) this.#options.onChange(this.#reading)
  }

  close(): void {
    clearInterval(this.#interval)
  }
}

/** The worst of what is short; null: nothing is. */
export function shortageOf({ delay, heap, memory }: Vitals): Reading | null {
  const readings: Reading[] = [
    { reason: 'event_loop', share: shareOf(delay, DELAY) },
    { reason: 'heap', share: shareOf(heap, MEMORY) },
    { reason: 'memory', share: shareOf(memory, MEMORY) },
  ]
  const worst = readings.reduce((worst, each) => (each.share > worst.share ? each : worst))
  return worst.share === 0 ? null : worst
}

function shareOf(value: number, [from, to]: readonly [number, number]): number {
  return Math.min(Math.max((value - from) / (to - from), 0), 1) * MOST
}

/** Reads the vitals of this process; each reading of the delay is the mean since the one before. */
export function processVitals(memory: Memory, processes: number): () => Vitals {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION })
  histogram.enable()
  const share = memory.limit < UNLIMITED ? memory.limit / processes : 0
  return () => {
    const { used_heap_size, heap_size_limit } = getHeapStatistics()
    const part = share > 0 ? memory.used() / share : 0
    return { delay: meanOf(histogram), heap: used_heap_size / heap_size_limit, memory: part }
  }
}

function meanOf(histogram: ReturnType<typeof monitorEventLoopDelay>): number {
  // Nothing was recorded: NaN.
  const mean = histogram.count === 0 ? 0 : histogram.mean / 1e6 - RESOLUTION
  histogram.reset()
  return mean
}
