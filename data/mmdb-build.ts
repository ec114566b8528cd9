import { parseNetwork } from '../src/geo/network.ts'
import { leaf, NOTHING, NodeTable } from './mmdb-tree.ts'
import type { MmdbValue } from './mmdb-value.ts'
import { encodeMmdb, type MmdbOptions } from './mmdb-writer.ts'

interface Entry {
  readonly bytes: Uint8Array
  readonly prefix: number
  readonly value: number
}

/** A database with these networks, in CIDR form; longer ones lie over shorter ones. For tests and small tables. */
export function buildMmdb(
  networks: Readonly<Record<string, MmdbValue>>,
  options: Partial<MmdbOptions> = {},
): Buffer<ArrayBufferLike> {
  const ipVersion = options.ipVersion ?? 6
  const entries = Object.keys(networks).map((text, value) => ({ ...toEntry(text, ipVersion), value }))
  const table = new NodeTable()
  const root = grow(entries, table, 0, NOTHING)
  const defaults = { ipVersion, recordSize: 24, databaseType: 'test', description: 'test', buildEpoch: 0 } as const
  return encodeMmdb(table.tree(root), Object.values(networks), { ...defaults, ...options })
}

function toEntry(text: string, ipVersion: 4 | 6) {
  const parsed = parseNetwork(text)
  if ('problem' in parsed) throw new Error(parsed.problem)
  const { bytes, prefix, family } = parsed.network
  if (family === ipVersion) return { bytes, prefix }
  if (ipVersion === 4) throw new Error(`${text}: no IPv6 in an IPv4 tree`)
  return { bytes: Uint8Array.from([...new Uint8Array(12), ...bytes]), prefix: prefix + 96 }
}

function grow(entries: readonly Entry[], table: NodeTable, depth: number, inherited: number): number {
  const exact = entries.find((entry) => entry.prefix === depth)
  const here = exact === undefined ? inherited : leaf(exact.value)
  const longer = entries.filter((entry) => entry.prefix > depth)
  if (longer.length === 0) return here
  const side = (bit: number) => longer.filter(({ bytes }) => ((bytes[depth >> 3]! >> (7 - (depth & 7))) & 1) === bit)
  return table.node(grow(side(0), table, depth + 1, here), grow(side(1), table, depth + 1, here))
}
