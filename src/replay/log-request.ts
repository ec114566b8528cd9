import { PolycdnError } from '../errors.ts'
import { type Address, parseAddress } from '../geo/address.ts'
import { parseHost } from '../http/host.ts'
import { parseTarget } from '../http/target.ts'
import type { LogEntry, NoEntry } from './log-entry.ts'

/** A logged request, normalised as the gateway would have. */
export interface LogRequest {
  readonly client: Address
  readonly host: string
  readonly path: string
  readonly method: string
  header(name: string): string | null
}

/** Of each of addresses and hosts, so many are remembered. */
const REMEMBERED = 32_768

const BAD_ADDRESS: NoEntry = { why: 'the client is no IP address' }
const BAD_HOST: NoEntry = { why: 'the host is none' }
const BAD_TARGET: NoEntry = { why: 'the gateway refuses such a path' }
const BAD_METHOD: NoEntry = { why: 'the method is none' }

/** Turns what logs say into requests. Addresses and hosts come again and again, and are parsed once. */
export class LogRequests {
  readonly #addresses = new Map<string, Address | null>()
  readonly #hosts = new Map<string, string | null>()

  read(entry: LogEntry): LogRequest | NoEntry {
    const { method, userAgent, referer } = entry
    const client = remember(this.#addresses, entry.client, parseAddress)
    if (client === null) return BAD_ADDRESS
    if (!/^[A-Z][A-Z0-9_-]{0,31}$/.test(method)) return BAD_METHOD
    const target = parseTarget(entry.target, method)
    if (target instanceof PolycdnError) return BAD_TARGET
    const host = remember(this.#hosts, target.authority ?? entry.host, hostName)
    if (host === null) return BAD_HOST
    const header = (name: string) => (name === 'user-agent' ? userAgent : name === 'referer' ? referer : null)
    return { client, host, path: target.matchPath, method, header }
  }
}

function hostName(text: string): string | null {
  const host = parseHost(text)
  return host instanceof PolycdnError ? null : host.name
}

function remember<T>(known: Map<string, T>, text: string, read: (text: string) => T): T {
  const found = known.get(text)
  if (found !== undefined) return found
  const value = read(text)
  // Simple and bounded; the text of a long line is not worth keeping alive.
  if (known.size >= REMEMBERED) known.clear()
  if (text.length <= 255) known.set(text, value)
  return value
}
