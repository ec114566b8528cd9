import { type LookupAddress, type LookupOptions, lookup as systemLookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { PolycdnError } from '../errors.ts'

export interface ResolverOptions {
  /** All addresses of a name, in the system's order. */
  readonly resolve: (hostname: string) => Promise<readonly LookupAddress[]>
  /** Milliseconds, monotonic. */
  now(): number
}

interface Entry {
  addresses: readonly LookupAddress[]
  /** When these were looked up. */
  at: number
  /** When it was last tried in vain, since. */
  failedAt: number
  refreshing: Promise<readonly LookupAddress[]> | null
}

/** The system's resolver tells no TTL, so every name is looked up again after this. Milliseconds. */
const FRESH = 10_000
/** Until then addresses are used while new ones are looked up; after it, new ones are waited for. */
const USABLE = 60_000
/** How long the last good addresses stand in for a resolver that fails. */
const KEPT = 3_600_000
/** Between two looks at a name that cannot be found. */
const PAUSE = 1000
/** How long a request waits for new addresses where old ones are known: well below any connect timeout. */
const PATIENCE = 500
const MAX_NAMES = 4096

/**
 * Addresses of endpoints, remembered for 10 s, and for longer where the resolver fails: a CDN must not be down because
 * a name server is. One look-up at a time per name, and none on the way of a request while usable addresses are known.
 */
export class Resolver {
  readonly #options: ResolverOptions
  readonly #entries = new Map<string, Entry>()

  constructor(options: ResolverOptions) {
    this.#options = options
  }

  /** Rejects with the resolver's error only where nothing usable is known. */
  async addresses(hostname: string): Promise<readonly LookupAddress[]> {
    const entry = this.#entries.get(hostname)
    if (entry === undefined) return this.#first(hostname)
    const now = this.#options.now()
    const age = now - entry.at
    if (age > FRESH && now - entry.failedAt > PAUSE) entry.refreshing ??= this.#refresh(hostname, entry)
    if (age <= USABLE || entry.refreshing === null) return entry.addresses
    // The first look-up is waited for; later ones, of a name server that does not answer, not for long.
    if (entry.addresses.length === 0) return entry.refreshing
    return withinPatience(entry.refreshing, entry.addresses)
  }

  /** For `connect({ lookup })`. Never called for IP literals. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    this.addresses(hostname).then(
      (all) => answer(all, options, callback),
      (error: NodeJS.ErrnoException) => callback(error, '', 0),
    )
  }

  /** The same without certain addresses; destination_ip_prohibited where no other is left. */
  lookupBut(isProhibited: (address: string) => boolean): LookupFunction {
    return (hostname, options, callback) => {
      this.addresses(hostname).then(
        (all) => {
          const allowed = all.filter(({ address }) => !isProhibited(address))
          if (allowed.length > 0 || all.length === 0) answer(allowed, options, callback)
          else
            callback(new PolycdnError('destination_ip_prohibited', 'the name leads to private addresses only'), '', 0)
        },
        (error: NodeJS.ErrnoException) => callback(error, '', 0),
      )
    }
  }

  async #first(hostname: string): Promise<readonly LookupAddress[]> {
    const entry: Entry = {
      addresses: [],
      at: Number.NEGATIVE_INFINITY,
      failedAt: Number.NEGATIVE_INFINITY,
      refreshing: null,
    }
    this.#remember(hostname, entry)
    entry.refreshing = this.#refresh(hostname, entry)
    try {
      return await entry.refreshing
    } catch (error) {
      if (this.#entries.get(hostname) === entry) this.#entries.delete(hostname)
      throw error
    }
  }

  async #refresh(hostname: string, entry: Entry): Promise<readonly LookupAddress[]> {
    const { resolve, now } = this.#options
    try {
      const addresses = await resolve(hostname)
      if (addresses.length > 0) Object.assign(entry, { addresses, at: now() })
      return entry.addresses
    } catch (error) {
      entry.failedAt = now()
      if (now() - entry.at > KEPT) throw error
      return entry.addresses
    } finally {
      entry.refreshing = null
    }
  }

  #remember(hostname: string, entry: Entry): void {
    if (this.#entries.size >= MAX_NAMES) this.#entries.delete(this.#entries.keys().next().value!)
    this.#entries.set(hostname, entry)
  }
}

function withinPatience<T>(wanted: Promise<T>, otherwise: T): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(otherwise), PATIENCE)
    wanted.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

type Callback = Parameters<LookupFunction>[2]

function answer(all: readonly LookupAddress[], { all: wantsAll, family }: LookupOptions, callback: Callback): void {
  const version = family === 'IPv4' ? 4 : family === 'IPv6' ? 6 : family
  const wanted = version ? all.filter((address) => address.family === version) : all
  const [first] = wanted
  if (first === undefined) {
    callback(Object.assign(new Error('the name has no address'), { code: 'ENOTFOUND' }), '', 0)
  } else if (wantsAll) {
    callback(null, [...wanted])
  } else {
    callback(null, first.address, first.family)
  }
}

function resolveBySystem(hostname: string): Promise<readonly LookupAddress[]> {
  return new Promise((resolve, reject) => {
    systemLookup(hostname, { all: true, order: 'verbatim' }, (error, addresses) => {
      if (error === null) resolve(addresses)
      else reject(error)
    })
  })
}

/** The process's own: names mean the same everywhere in it. */
export const systemResolver = new Resolver({ resolve: resolveBySystem, now: () => performance.now() })
