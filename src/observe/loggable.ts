const MAX_TEXT = 2048
/** Of all strings and values together, a value counting as NODE_COST characters. */
const MAX_TOTAL = 16_384
const NODE_COST = 4
const MAX_ITEMS = 100
const MAX_DEPTH = 4
const MORE = '…'

/** Cuts a string to `max` UTF-16 units, and shows that it was cut. */
export function cut(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1)}${MORE}`
}

/**
 * A copy that JSON.stringify takes, of bounded size and depth, whatever `value` is: circular, a BigInt, a throwing
 * getter. Errors become their message and code; their stack only with `stacks`. Never throws.
 */
export function loggable(value: unknown, stacks = false): unknown {
  return new Copier(stacks).copy(value, 0)
}

class Copier {
  readonly #stacks: boolean
  #left = MAX_TOTAL

  constructor(stacks: boolean) {
    this.#stacks = stacks
  }

  copy(value: unknown, depth: number): unknown {
    this.#left -= NODE_COST
    if (this.#left <= 0) return MORE
    try {
      if (typeof value === 'object' && value !== null) return this.#object(value, depth)
      if (typeof value === 'string') return this.#text(value)
      if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
      if (typeof value === 'boolean' || value === null) return value
      return typeof value === 'bigint' ? this.#text(String(value)) : `[${typeof value}]`
    } catch {
      return '[unreadable]'
    }
  }

  #object(value: object, depth: number): unknown {
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString()
    if (depth >= MAX_DEPTH) return MORE
    if (value instanceof Error) return this.#error(value, depth)
    if (value instanceof Map) return this.#record(value.keys(), (key) => value.get(key), depth)
    if (Array.isArray(value) || value instanceof Set) return [...first(value)].map((item) => this.copy(item, depth + 1))
    return this.#record(Object.keys(value), (key) => (value as Readonly<Record<string, unknown>>)[key], depth)
  }

  #error(value: Error, depth: number): unknown {
    const { code } = value as { code?: unknown }
    return {
      message: this.#text(String(value.message)),
      ...(typeof code === 'string' || typeof code === 'number' ? { code: this.copy(code, depth) } : {}),
      ...(value.cause === undefined ? {} : { cause: this.copy(value.cause, depth + 1) }),
      ...(this.#stacks && typeof value.stack === 'string' ? { stack: this.#text(value.stack) } : {}),
    }
  }

  #record<Key>(keys: Iterable<Key>, get: (key: Key) => unknown, depth: number): unknown {
    // Without a prototype, a key named __proto__ is a key like any other.
    const fields: Record<string, unknown> = Object.create(null)
    for (const key of first(keys)) {
      let item: unknown = '[unreadable]'
      try {
        item = get(key)
      } catch {
        // A getter that throws costs its own field only.
      }
      if (item !== undefined) fields[this.#text(String(key))] = this.copy(item, depth + 1)
    }
    return fields
  }

  #text(value: string): string {
    const shown = cut(value, Math.max(1, Math.min(MAX_TEXT, this.#left)))
    this.#left -= shown.length
    return shown
  }
}

function* first<T>(items: Iterable<T>): Generator<T> {
  let left = MAX_ITEMS
  for (const item of items) {
    if (left-- === 0) return
    yield item
  }
}
