import { Reader, type Response } from 'maxmind'
import type { Address } from './address.ts'
import { type DatabaseFile, readDatabaseFile, unreadable } from './database-file.ts'
import { countMetadata } from './metadata-values.ts'
import { probe } from './probe.ts'
import { type GeoFacts, NO_FACTS, readRecord } from './record.ts'

/** What a database says of an address, and how wide it says the same: bits of the address's own family. */
export type GeoAnswer = GeoFacts & { readonly prefix: number }

/** An opened mmdb. It never changes: a new file makes a new one. */
export interface GeoDatabase {
  readonly path: string
  /** What its maker calls it, `GeoLite2-City` for example. */
  readonly type: string
  /** Seconds since 1970; 0 where the file does not say. */
  readonly buildEpoch: number
  /** Milliseconds since 1970. */
  readonly loadedAt: number
  /** See fileVersion: of the file as it was read. */
  readonly version: string
  /** Never throws: of what it does not know, or what is damaged, everything is null. */
  place(address: Address): GeoAnswer
}

/** What a database is opened for: the key of `geoip` that names it. */
export type GeoKind = 'database' | 'asn_database'

interface Purpose {
  readonly lacks: string
  isServed(facts: GeoFacts): boolean
}

const PURPOSES: Readonly<Record<GeoKind, Purpose>> = {
  database: {
    lacks: 'neither locations nor countries',
    isServed: ({ location, country }) => location !== null || country !== null,
  },
  asn_database: { lacks: 'no AS numbers', isServed: ({ asn }) => asn !== null },
}

/** How many decoded parts of records are kept. Records share most of theirs. */
const DECODED = 4096

/** Reads a database into memory. Throws geo_unreadable, with the path and what is wrong. */
export async function openDatabase(path: string, kind: GeoKind = 'database'): Promise<GeoDatabase> {
  const { lacks, isServed } = PURPOSES[kind]
  const { bytes, dataEnd, metadata, version } = await readDatabaseFile(path)
  const reader = openReader({ bytes, dataEnd, metadata }, path)
  const { ipVersion, databaseType, buildEpoch } = reader.metadata
  const seconds = Math.floor(buildEpoch.getTime() / 1000)
  const type = typeof databaseType === 'string' ? databaseType.slice(0, 100) : ''
  try {
    if (!probe((address) => look(reader, address), ipVersion, isServed)) {
      throw unreadable(path, `it has ${lacks} (its type is ${JSON.stringify(type)})`)
    }
  } catch (thrown) {
    throw thrown instanceof Error && thrown.name === 'PolycdnError' ? thrown : damaged(path)
  }
  return Object.freeze({
    path,
    type,
    buildEpoch: Number.isFinite(seconds) ? seconds : 0,
    loadedAt: Date.now(),
    version,
    place: (address: Address) => guarded(reader, address),
  })
}

function openReader({ bytes, dataEnd, metadata }: Omit<DatabaseFile, 'version'>, path: string): Reader<Response> {
  let reader: Reader<Response>
  try {
    // The reader would go through whatever it says.
    countMetadata(bytes, metadata)
    reader = withShortLists(new Reader<Response>(bytes, { cache: decodedCache() }))
  } catch {
    throw damaged(path)
  }
  const { binaryFormatMajorVersion, nodeCount, ipVersion, searchTreeSize } = reader.metadata
  if (binaryFormatMajorVersion !== 2) throw unreadable(path, 'its format is not version 2 of MaxMind DB')
  const plausible = Number.isSafeInteger(nodeCount) && nodeCount > 0 && (ipVersion === 4 || ipVersion === 6)
  if (!plausible || searchTreeSize + 16 > dataEnd) throw damaged(path)
  return reader
}

/** Entries of a list. Real ones have a handful. */
const LONGEST_LIST = 1_000

interface ListDecoder {
  decodeArray(size: number, offset: number): unknown
}

/** The reader makes room for as many as a list says that it has, a hundred megabytes for each list in a list. */
function withShortLists<T extends Response>(reader: Reader<T>): Reader<T> {
  const { decoder } = reader as unknown as { readonly decoder: ListDecoder }
  const decodeArray = decoder.decodeArray.bind(decoder)
  decoder.decodeArray = (size, offset) => {
    if (size > LONGEST_LIST) throw new RangeError('too long a list')
    return decodeArray(size, offset)
  }
  return reader
}

/** Keeps what was decoded first and begins anew when full: simple, bounded, and pointers back cost nothing. */
function decodedCache() {
  const known = new Map<string | number, unknown>()
  return {
    get: (offset: string | number) => known.get(offset),
    set(offset: string | number, decoded: unknown) {
      if (known.size >= DECODED) known.clear()
      known.set(offset, decoded)
      const { value } = decoded as { readonly value: unknown }
      if (Array.isArray(value)) Object.defineProperty(value, 'toString', NO_TEXT)
    },
  }
}

/** The reader takes whatever is there as the key of a map. Lists of lists that pointers share are short; their text is not. */
const NO_TEXT = {
  value: () => {
    throw new TypeError('a list is no key')
  },
}

function look(reader: Reader<Response>, address: Address): GeoAnswer {
  // The reader would walk an IPv4 tree by the first bits of an IPv6 address.
  if (address.family === 6 && reader.metadata.ipVersion === 4) return { ...NO_FACTS, prefix: 0 }
  const [record, prefix] = reader.getWithPrefixLength(address.text)
  return { ...readRecord(record), prefix }
}

/** A damaged part of the file can make the reader throw. Then nothing is known, of this one address. */
function guarded(reader: Reader<Response>, address: Address): GeoAnswer {
  try {
    return look(reader, address)
  } catch {
    return { ...NO_FACTS, prefix: address.bytes.length * 8 }
  }
}

const damaged = (path: string) => unreadable(path, 'the file is damaged or cut off')
