import { PolycdnError } from '../errors.ts'
import { type Address, parseAddress } from '../geo/address.ts'
import { parseHost } from '../http/host.ts'
import { parseTarget } from '../http/target.ts'
import type { LogEntry, NoEntry } from './log-entry.ts'
import { Remembered } from './remembered.ts'

/** A logged request, normalised as the gateway would have. */
export interface LogRequest {
  readonly client: Address
  readonly host: string
  readonly path: string
  readonly method: string
  header(name: string): string | null
}

/** Bits of how many are remembered. */
const ADDRESSES = 16
const HOSTS = 10

const BAD_ADDRESS: NoEntry = { why: 'the client is no IP address' }
const BAD_HOST: NoEntry = { why: 'the host is none' }
const BAD_TARGET: NoEntry = { why: 'the gateway refuses such a path' }
const BAD_METHOD: NoEntry = { why: 'the method is none' }

/** Turns what logs say into requests. Addresses and hosts come again and again, and are parsed once. */
export class LogRequests {
  readonly #addresses = new Remembered(ADDRESSES, parseAddress)
  readonly #hosts = new Remembered(HOSTS, hostName)

  read(entry: LogEntry): LogRequest | NoEntry {
    const { method, userAgent, referer } = entry
    const client = this.#addresses.get(entry.client)
    if (client === null) return BAD_ADDRESS
    if (!/^[A-Z][A-Z0-9_-]{0,31}$/.test(method)) return BAD_METHOD
    const target = parseTarget(entry.target, method)
    if (target instanceof PolycdnError) return BAD_TARGET
    const host = this.#hosts.get(target.authority ?? entry.host)
    if (host === null) return BAD_HOST
    const header = (name: string) => (name === 'user-agent' ? userAgent : name === 'referer' ? referer : null)
    return { client, host, path: target.matchPath, method, header }
  }
}

function hostName(text: string): string | null {
  const host = parseHost(text)
  return host instanceof PolycdnError ? null : host.name
}
