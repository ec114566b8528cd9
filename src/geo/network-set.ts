import type { Address } from './address.ts'
import type { Network } from './network.ts'

/** A set of IP networks with a value each; the longest match wins. */
export interface NetworkSet<T> {
  /** The value of the longest network that contains the address, with that network's prefix length; null for none. */
  match(address: Address): { readonly value: T; readonly prefix: number } | null
  /**
   * The prefix length of the largest network around the address in which every address has the same match, be it
   * none. A cache may share an answer that widely and no wider.
   */
  uniformPrefix(address: Address): number
}

interface Node<T> {
  zero: Node<T> | null
  one: Node<T> | null
  match: { readonly value: T; readonly prefix: number } | null
}

/** Built once and never changed. Of equal networks the last one stays. */
export function createNetworkSet<T>(entries: Iterable<readonly [network: Network, value: T]>): NetworkSet<T> {
  const roots = { 4: makeNode<T>(), 6: makeNode<T>() }
  for (const [network, value] of entries) {
    let node = roots[network.family]
    for (let depth = 0; depth < network.prefix; depth++) node = grow(node, bitAt(network.bytes, depth))
    node.match = Object.freeze({ value, prefix: network.prefix })
  }
  return Object.freeze({
    match: (address: Address) => longestMatch(roots[address.family], address.bytes),
    uniformPrefix: (address: Address) => leave(roots[address.family], address.bytes),
  })
}

function longestMatch<T>(root: Node<T>, bytes: Uint8Array): Node<T>['match'] {
  let best = root.match
  let node: Node<T> | null = root
  for (let depth = 0; depth < bytes.length * 8; depth++) {
    node = bitAt(bytes, depth) === 0 ? node.zero : node.one
    if (node === null) break
    best = node.match ?? best
  }
  return best
}

/** How many bits it takes to leave the trie, or to reach a node below which there is nothing. */
function leave<T>(root: Node<T>, bytes: Uint8Array): number {
  let node: Node<T> | null = root
  for (let depth = 0; depth < bytes.length * 8; depth++) {
    if (node === null || (node.zero === null && node.one === null)) return depth
    node = bitAt(bytes, depth) === 0 ? node.zero : node.one
  }
  return bytes.length * 8
}

function grow<T>(node: Node<T>, bit: number): Node<T> {
  const side = bit === 0 ? 'zero' : 'one'
  const child = node[side] ?? makeNode<T>()
  node[side] = child
  return child
}

function makeNode<T>(): Node<T> {
  return { zero: null, one: null, match: null }
}

/** The bit after the first `depth` ones. */
function bitAt(bytes: Uint8Array, depth: number): number {
  return (bytes[depth >> 3]! >> (7 - (depth & 7))) & 1
}
