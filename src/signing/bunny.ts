import { createHash, createHmac } from 'node:crypto'
import type { Address } from '../geo/address.ts'
import { maskBytes } from '../geo/address.ts'
import { directoryOf, withParameters } from './link.ts'
import type { Link, Scope, Signer } from './signer.ts'
import { slotOf } from './slot.ts'

export interface BunnyOptions {
  readonly ttl: number
  readonly key: string
  /** HMAC-SHA256 as of 2026, or the plain SHA-256 before it; bunny.net believes both. */
  readonly hash: 'hmac-sha256' | 'sha256'
  readonly scope: Scope
  /** Of HMAC-SHA256 only. */
  readonly bindIp: boolean
}

const RESERVED = [
  'token',
  'expires',
  'bcdn_token',
  'token_path',
  'token_countries',
  'token_countries_blocked',
  'token_ignore_params',
]

/**
 * Advanced token authentication of bunny.net. https://docs.bunny.net/cdn/security/token-authentication/advanced
 *
 * A client's query is left out of the token (`token_ignore_params`): in it names may stand twice, which the token cannot
 * cover. Nothing is lost, since whoever asks the gateway with another query gets a link for that one. For a folder the
 * token stands in the path, where relative links in a playlist inherit it.
 */
export function createBunnySigner({ ttl, key, hash, scope, bindIp }: BunnyOptions): Signer {
  const tokenOf = (path: string, data: string, { expires, client }: Link) => {
    if (hash === 'sha256') {
      return createHash('sha256')
        .update(`${key}${decoded(path)}${expires}${data}`)
        .digest('base64url')
    }
    const hmac = createHmac('sha256', key).update(`${path}${expires}`)
    if (client !== null) hmac.update(networkOf(client))
    return `HS256-${client === null ? '' : '1-'}${hmac.update(data).digest('base64url')}`
  }
  return {
    ttl,
    slot: slotOf(ttl),
    reserved: new Set(RESERVED),
    binds: bindIp ? [4, 6] : [],
    sign: (link) => {
      const { origin, path, query, expires } = link
      const ignore = query === '' ? [] : [['token_ignore_params', 'true'] as const]
      const folder = scope === 'directory' ? [['token_path', directoryOf(path)] as const] : []
      const data = [...ignore, ...folder]
      const token = tokenOf(folder[0]?.[1] ?? path, data.map(([name, value]) => `${name}=${value}`).join('&'), link)
      const fields = [...data, ['expires', expires] as const].map(
        (field) => `&${field[0]}=${encodeURIComponent(field[1])}`,
      )
      if (scope === 'url') return origin + withParameters(path, query, `token=${token}${fields.join('')}`)
      return `${origin}/bcdn_token=${token}${fields.join('')}${path}${query === '' ? '' : `?${query}`}`
    },
  }
}

/** The older signers take the path as it reads; the newer ones as it is sent. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** Of IPv6 the /64: the rest of an address changes by itself. */
function networkOf({ family, bytes }: Address): Uint8Array {
  return family === 4 ? bytes : maskBytes(bytes, 64)
}
