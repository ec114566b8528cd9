import { type Address, parseAddress } from '../../src/geo/address.ts'
import { formatAddress } from '../../src/geo/address-text.ts'
import { type Network, networkOf } from '../../src/geo/network.ts'

/** Numbers below a bound, the same ones in every run. */
export function makeDice(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

/** Addresses that are crowded together, so that networks around them often hold others. */
export function crowdedAddress(dice: (below: number) => number, family: 4 | 6): Address {
  const bytes = new Uint8Array(family === 4 ? 4 : 16)
  bytes[0] = 0x20
  const crowded = family === 4 ? [1, 2, 3] : [4, 5, 6, 7, 15]
  for (const index of crowded) bytes[index] = dice(3) === 0 ? dice(256) : dice(2)
  return parseAddress(formatAddress(bytes))!
}

export function crowdedNetwork(dice: (below: number) => number, family: 4 | 6): Network {
  const bits = family === 4 ? 32 : 128
  const prefix =
    dice(20) === 0 ? dice(bits + 1) : Math.min(bits, (family === 4 ? 14 : 36) + dice(family === 4 ? 19 : 30))
  return networkOf(crowdedAddress(dice, family), prefix)
}

export function contains(network: Network, address: Address): boolean {
  return network.family === address.family && covers(network, networkOf(address, address.bytes.length * 8))
}

/** Whether all of `inner` lies in `outer`, bit by bit. */
export function covers(outer: Network, inner: Network): boolean {
  if (outer.family !== inner.family || outer.prefix > inner.prefix) return false
  const bits = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  return bits(outer.bytes).slice(0, outer.prefix) === bits(inner.bytes).slice(0, outer.prefix)
}
