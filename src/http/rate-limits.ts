import { LRUCache } from 'lru-cache'
import type { Policy, RateLimitSettings } from '../config/snapshot.ts'
import type { Address } from '../geo/address.ts'
import { dueAt, type Pace, waitFor } from './gcra.ts'

/** Clients that are remembered for a policy. Who is forgotten begins anew: an attack makes nobody else wait. */
const MAX_CLIENTS = 65_536

interface Meter {
  readonly settings: RateLimitSettings
  readonly pace: Pace
  readonly states: LRUCache<string, number>
}

/** How much each client has sent, by policy; it outlives reloads. */
export class RateLimits {
  readonly #meters = new Map<string, Meter>()
  readonly #processes: number
  readonly #maxClients: number

  /** @param processes how many share the average; a burst comes over few connections, so each allows all of it */
  constructor(processes: number, maxClients = MAX_CLIENTS) {
    this.#processes = processes
    this.#maxClients = maxClients
  }

  /** Counts a request. Milliseconds until the client may send one; 0: this one may pass. */
  wait(policy: Policy, client: Address, now: number): number {
    if (policy.rateLimit === null) return 0
    const { pace, states } = this.#meterOf(policy.name, policy.rateLimit)
    const key = keyOf(client, policy.rateLimit.by)
    const due = dueAt(states.get(key) ?? 0, now, pace)
    const wait = waitFor(due, now, pace)
    states.set(key, wait === 0 ? due + pace.interval : due)
    return wait
  }

  /** Forgets policies that are gone, or limit no more. */
  retain(policies: readonly Policy[]): void {
    const limited = new Set(policies.filter(({ rateLimit }) => rateLimit !== null).map(({ name }) => name))
    for (const name of this.#meters.keys()) if (!limited.has(name)) this.#meters.delete(name)
  }

  #meterOf(name: string, settings: RateLimitSettings): Meter {
    const known = this.#meters.get(name)
    if (known?.settings === settings) return known
    const { requestsPerSecond, burst } = settings
    const pace = { interval: (1000 / requestsPerSecond) * this.#processes, burst }
    const meter = { settings, pace, states: known?.states ?? new LRUCache({ max: this.#maxClients }) }
    this.#meters.set(name, meter)
    return meter
  }
}

/** Bytes: who has one IPv6 address usually has the 2^64 around it, and a site has a /48 (RFC 6177). */
const PREFIX = {
  'client-address': { 4: 4, 6: 8 },
  'client-network': { 4: 3, 6: 6 },
} as const

/** The bytes themselves, a character each: an address as text would cost more than all the rest. */
function keyOf({ family, bytes }: Address, by: RateLimitSettings['by']): string {
  return String.fromCharCode(...bytes.subarray(0, PREFIX[by][family]))
}
