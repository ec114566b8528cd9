import type { Limits, Listener } from '../config/snapshot.ts'
import { Census, type ConnectionLimit } from './census.ts'
import { Door, type Handlers as DoorHandlers } from './door.ts'
import { formatAddress } from './listen-error.ts'

/** What the listeners hand on. */
export interface Handlers extends Omit<DoorHandlers, 'onClosed'> {
  /** A connection was closed because of this limit. */
  onRefused(limit: ConnectionLimit): void
}

/** Where clients connect: a Door per address, which a reload opens and closes as needed. */
export class Listeners {
  readonly #doors = new Map<string, Door>()
  readonly #closing = new Map<Door, Promise<void>>()
  readonly #handlers: DoorHandlers
  readonly #census: Census
  #requests = 0

  constructor(handlers: Handlers) {
    this.#census = new Census(handlers.snapshot, handlers.onRefused)
    this.#handlers = {
      ...handlers,
      onRequest: (request, response) => {
        this.#requests++
        handlers.onRequest(request, response)
      },
      onClosed: () => {
        this.#requests--
      },
    }
  }

  /** Open client connections. */
  get connections(): number {
    return this.#census.connections
  }

  /** Requests that have begun and not ended. */
  get requests(): number {
    return this.#requests
  }

  /** `host:port` of every open listener, as bound. */
  get addresses(): readonly string[] {
    return [...this.#doors.values()].map(({ address }) => formatAddress(address))
  }

  /**
   * Opens the addresses that are not open yet. On any failure those it opened are closed again and the error names the
   * address. The caller closes the others with `retain` once everything else has succeeded; the function that comes back
   * closes what was opened, when something else has not.
   */
  async open(listeners: readonly Listener[], limits: Limits): Promise<() => Promise<void>> {
    const opened: string[] = []
    const undo = async () => void (await Promise.all(opened.map((key) => this.#close(key))))
    for (const [key, listener] of keyed(listeners)) {
      if (this.#doors.has(key)) continue
      try {
        const door = new Door(listener, limits, this.#handlers, this.#census)
        await door.open()
        this.#doors.set(key, door)
        opened.push(key)
      } catch (error) {
        await undo()
        throw error
      }
    }
    return undo
  }

  /** Stops listening where the configuration no longer says so; running requests go on. */
  async retain(listeners: readonly Listener[], limits: Limits): Promise<void> {
    const wanted = keyed(listeners)
    for (const [key, listener] of wanted) this.#doors.get(key)?.apply(listener, limits)
    await Promise.all([...this.#doors.keys()].filter((key) => !wanted.has(key)).map((key) => this.#close(key)))
  }

  /** New connections see the certificates that are ordered now. */
  renew(): void {
    for (const door of this.#doors.values()) door.renew()
  }

  /** Stops listening; resolves when the last connection has ended, which idle ones are made to. */
  async close(): Promise<void> {
    await Promise.all([...this.#doors.keys()].map((key) => this.#close(key)))
    await Promise.all(this.#closing.values())
  }

  /** Ends every connection now. */
  destroy(): void {
    for (const door of [...this.#doors.values(), ...this.#closing.keys()]) door.destroy()
  }

  /** The address is free at once, so that a later reload may open it again while old requests still end. */
  async #close(key: string): Promise<void> {
    const door = this.#doors.get(key)!
    this.#doors.delete(key)
    const closed = door.close()
    this.#closing.set(door, closed)
    await closed
    this.#closing.delete(door)
  }
}

/**
 * Port 0 is a different port each time, but the same listener across reloads; where a host has several, the order tells
 * which is which.
 */
function keyed(listeners: readonly Listener[]): Map<string, Listener> {
  const byKey = new Map<string, Listener>()
  for (const listener of listeners) {
    const address = `${listener.host} ${listener.port}`
    let key = address
    for (let nth = 2; listener.port === 0 && byKey.has(key); nth++) key = `${address} ${nth}`
    byKey.set(key, listener)
  }
  return byKey
}
