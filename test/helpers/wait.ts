import { setTimeout as sleep } from 'node:timers/promises'

export interface UntilOptions {
  /** Milliseconds before it gives up. Generous: it bounds a hang, it measures nothing. Default 10 s. */
  readonly timeout?: number
  /** Milliseconds between two looks. Default 10. */
  readonly interval?: number
  /** What is awaited, for the error. */
  readonly what?: string | (() => string)
}

export type Truthy<T> = Exclude<T, false | 0 | '' | null | undefined>

/** Looks until the probe gives something true, and returns it. A probe that throws has not come true yet. */
export async function until<T>(probe: () => T | Promise<T>, options: UntilOptions = {}): Promise<Truthy<T>> {
  const { timeout = 10_000, interval = 10 } = options
  const deadline = Date.now() + timeout
  let last: unknown
  for (;;) {
    try {
      const value = await probe()
      if (value) return value as Truthy<T>
      last = undefined
    } catch (error) {
      last = error
    }
    if (Date.now() >= deadline) throw new Error(message(options.what, timeout, last), { cause: last })
    await sleep(interval)
  }
}

function message(what: UntilOptions['what'], timeout: number, last: unknown): string {
  const text = typeof what === 'function' ? what() : (what ?? 'the condition')
  const reason = last instanceof Error ? ` (${last.message})` : ''
  return `waited ${timeout} ms in vain for ${text}${reason}`
}

/** The promise's value, or an error that names what did not happen in time. */
export async function within<T>(promise: Promise<T>, what: string, timeout = 10_000): Promise<T> {
  const stop = new AbortController()
  const late = sleep(timeout, undefined, { signal: stop.signal }).then(
    () => Promise.reject(new Error(`waited ${timeout} ms in vain for ${what}`)),
    () => new Promise<never>(() => {}),
  )
  try {
    return await Promise.race([promise, late])
  } finally {
    stop.abort()
  }
}
