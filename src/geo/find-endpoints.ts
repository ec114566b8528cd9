import { lookup } from 'node:dns/promises'
import type { Endpoint } from '../config/snapshot.ts'
import type { Address } from './address.ts'
import { parseAddress } from './address.ts'
import type { Coordinates, Place } from './place.ts'

/** A resolver that does not answer must not hold up a start for longer. Milliseconds. */
const PATIENCE = 5000

/** Where the endpoints of `location: auto` are, by key: the place of the first address of each that has one. */
export async function findEndpoints(
  endpoints: readonly Endpoint[],
  placeOf: (address: Address) => Place,
): Promise<Map<string, Coordinates>> {
  const found = new Map<string, Coordinates>()
  const search = async ({ key, origin }: Endpoint) => {
    const host = new URL(origin).hostname.replace(/^\[|\]$/g, '')
    for (const { address } of await resolve(host)) {
      const parsed = parseAddress(address)
      const location = parsed === null ? null : placeOf(parsed).location
      if (location !== null) return void found.set(key, location)
    }
  }
  await Promise.all(endpoints.filter(({ locationAuto }) => locationAuto).map(search))
  return found
}

async function resolve(host: string): Promise<readonly { readonly address: string }[]> {
  let timer: NodeJS.Timeout | undefined
  const impatience = new Promise<[]>((done) => {
    timer = setTimeout(() => done([]), PATIENCE)
  })
  const answer = lookup(host, { all: true }).catch(() => [])
  return Promise.race([answer, impatience]).finally(() => clearTimeout(timer))
}
