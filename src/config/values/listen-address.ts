import { parseAddress } from '../../geo/address.ts'
import type { ListenAddress } from '../snapshot.ts'
import { type Refusal, refuse } from './refusal.ts'

/** `127.0.0.1:8080`, `[::1]:8080`, or `:8080` for every IPv4 address; undefined for anything else. */
export function parseListenAddress(input: unknown): ListenAddress | Refusal | undefined {
  const found = typeof input === 'string' ? /^(\[[^[\]]+\]|[^:[\]]*):(\d{1,5})$/.exec(input) : null
  if (found === null) return undefined
  const port = Number(found[2])
  if (port > 65535) return refuse('the port must be from 0 to 65535')
  const host = found[1] === '' ? '0.0.0.0' : found[1]!.replace(/^\[|\]$/g, '')
  if (host === 'localhost') return refuse('the host must be an IP address: write 127.0.0.1 or [::1]')
  if (parseAddress(host) === null || host.includes(':') !== found[1]!.startsWith('[')) {
    return refuse('the host must be an IP address; IPv6 stands in brackets')
  }
  return { host, port }
}

/** Reachable from this machine alone. */
export function isLoopback({ host }: ListenAddress): boolean {
  const address = parseAddress(host)
  if (address === null) return false
  return address.family === 4 ? address.bytes[0] === 127 : address.text === '::1'
}
