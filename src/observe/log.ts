import { jsonLine } from './json-line.ts'
import { cut, loggable } from './loggable.ts'
import type { LineSink } from './sink.ts'
import { Throttle } from './throttle.ts'

export const LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type Level = (typeof LEVELS)[number]
export type Fields = Readonly<Record<string, unknown>>

export interface LogOptions {
  readonly sink: LineSink
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Default info. */
  readonly level?: Level
}

const MAX_EVENT = 100

/**
 * What happens, one JSON line an event: `{"time":"…","level":"info","event":"config-reloaded",…}`. Events are short
 * kebab-case names. Fields may be anything, of any size: they are cut. No method throws.
 */
export class Log {
  readonly #sink: LineSink
  readonly #now: () => number
  readonly #throttle = new Throttle()
  #level: number

  constructor(options: LogOptions) {
    this.#sink = options.sink
    this.#now = options.now
    this.#level = LEVELS.indexOf(options.level ?? 'info')
  }

  /** For a reload that changes `log.level`. */
  setLevel(level: Level): void {
    this.#level = LEVELS.indexOf(level)
  }

  debug(event: string, fields: Fields = {}): void {
    this.#write('debug', event, fields)
  }

  info(event: string, fields: Fields = {}): void {
    this.#write('info', event, fields)
  }

  warn(event: string, fields: Fields = {}): void {
    this.#write('warn', event, fields)
  }

  error(event: string, fields: Fields = {}): void {
    this.#write('error', event, fields)
  }

  /**
   * For lines that clients can provoke: null when a line with this key was written less than `interval` ms ago, else a
   * log to write it with, which adds how many were `suppressed` since. `log.throttle('unknown-host', 10_000)?.warn(…)`.
   * Keys are classes of events, not what clients send.
   */
  throttle(key: string, interval: number): Pick<Log, Level> | null {
    const suppressed = this.#throttle.admit(key, interval, this.#now())
    if (suppressed === null) return null
    if (suppressed === 0) return this
    const at = (level: Level) => (event: string, fields?: Fields) =>
      this.#write(level, event, { ...fields, suppressed })
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  }

  #write(level: Level, event: string, fields: Fields): void {
    if (LEVELS.indexOf(level) < this.#level) return
    const safe = loggable(fields, this.#level === 0) as object
    const head = { time: isoTime(this.#now()), level, event: cut(String(event), MAX_EVENT) }
    this.#sink.write(jsonLine({ ...head, ...safe, ...head }))
  }
}

function isoTime(now: number): string {
  const time = new Date(now)
  return Number.isNaN(time.getTime()) ? 'unknown' : time.toISOString()
}
