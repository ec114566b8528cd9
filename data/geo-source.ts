import { readFileSync } from 'node:fs'
import { Reader, type Response } from 'maxmind'

/** One of the two databases that the bundled table is derived from. */
export interface GeoSourceFile {
  readonly ipVersion: 4 | 6
  readonly nodeCount: number
  /** Seconds since 1970. */
  readonly buildEpoch: number
  /** What a node's record holds: a node below nodeCount, nothing at nodeCount, else a value of its own. */
  left(node: number): number
  right(node: number): number
  get(address: string): { readonly latitude: number; readonly longitude: number } | null
}

type Row = Response & { readonly latitude?: unknown; readonly longitude?: unknown }

/** Opens a database of @ip-location-db, whose records are flat and whose tree has 28 bits a record. */
export function openSource(path: string): GeoSourceFile {
  const bytes = readFileSync(path)
  const reader = new Reader<Row>(bytes)
  const { nodeCount, recordSize, ipVersion, buildEpoch } = reader.metadata
  if (recordSize !== 28) throw new Error(`${path}: records of 28 bits expected, not ${recordSize}`)
  return {
    ipVersion: ipVersion === 4 ? 4 : 6,
    nodeCount,
    buildEpoch: Math.floor(buildEpoch.getTime() / 1000),
    left: (node) => ((bytes[node * 7 + 3]! & 0xf0) << 20) | bytes.readUIntBE(node * 7, 3),
    right: (node) => ((bytes[node * 7 + 3]! & 0x0f) << 24) | bytes.readUIntBE(node * 7 + 4, 3),
    get: (address) => coordinates(reader.get(address)),
  }
}

function coordinates(row: Row | null) {
  const { latitude, longitude } = row ?? {}
  if (typeof latitude !== 'number' || typeof longitude !== 'number') return null
  return Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 ? { latitude, longitude } : null
}

/** Calls `visit` for every network of the tree that has a value, in address order. */
export function walkSource(
  source: GeoSourceFile,
  visit: (record: number, depth: number, bits: Uint8Array) => void,
): void {
  const bits = new Uint8Array(128)
  const step = (record: number, depth: number) => {
    if (record === source.nodeCount) return
    if (record > source.nodeCount) return visit(record, depth, bits)
    bits[depth] = 0
    step(source.left(record), depth + 1)
    bits[depth] = 1
    step(source.right(record), depth + 1)
    bits[depth] = 0
  }
  step(0, 0)
}

/** The text of an address given bit by bit. */
export function addressText(bits: Uint8Array, ipVersion: 4 | 6): string {
  const width = ipVersion === 4 ? 8 : 16
  const groups: string[] = []
  for (let start = 0; start < (ipVersion === 4 ? 32 : 128); start += width) {
    let group = 0
    for (let bit = 0; bit < width; bit++) group = group * 2 + bits[start + bit]!
    groups.push(group.toString(ipVersion === 4 ? 10 : 16))
  }
  return groups.join(ipVersion === 4 ? '.' : ':')
}
