import type { LookupAddress } from 'node:dns'
import type { Surroundings } from '../../../src/delivery/connect-options.ts'
import { Resolver } from '../../../src/delivery/resolver.ts'

/** Addresses of names that end so; others do not exist. May be changed at any time. */
export type Names = Map<string, readonly string[]>

/** What tests call the internet: loopback's first address. All others are private. */
const PUBLIC = '127.0.0.1'

/** Surroundings where names lead as the table says and nothing is remembered, so that every dial asks anew. */
export function surroundingsOf(names: Names): Surroundings {
  let now = 0
  const resolve = async (hostname: string): Promise<readonly LookupAddress[]> => {
    const [, addresses] = [...names].find(([name]) => hostname.endsWith(name)) ?? []
    if (addresses === undefined) throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' })
    return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  }
  // Each look at the clock is an hour later.
  const resolver = new Resolver({ resolve, now: () => (now += 3_600_000) })
  return { resolver, isPrivate: (address) => address !== PUBLIC }
}
