import { Reader, type Response } from 'maxmind'
import { distanceKm } from '../src/geo/distance.ts'
import { metro } from '../src/geo/metros.ts'
import type { Coordinates } from '../src/geo/place.ts'
import { addressText, type GeoSourceFile, walkSource } from './geo-source.ts'

/** Fourteen places that are spread over the world as a CDN's regions are. */
const REGIONS = 'FRA LHR IAD ORD SFO GRU JNB DXB BOM SIN HKG NRT SYD SVO'.split(' ').map((code) => metro(code)!)

export interface Agreement {
  /** How many of the drawn addresses have the same nearest region in the table as in its source, in percent. */
  readonly percent: number
  /** How far the table's places are from the source's: half are nearer than the first, 19 of 20 than the second. */
  readonly medianKm: number
  readonly p95Km: number
}

/** Compares a table with its source on `count` addresses that the source knows. */
export function measure(table: Buffer, source: GeoSourceFile, count: number): Agreement {
  const reader = new Reader<Response>(table)
  const random = makeRandom(source.ipVersion)
  const draw = source.ipVersion === 4 ? drawAddress : drawFromNetworks(source, random)
  const errors: number[] = []
  let agreed = 0
  while (errors.length < count) {
    const address = draw(random)
    const truth = source.get(address)
    if (truth === null) continue
    const answer = (reader.get(address) as { location?: Coordinates } | null)?.location
    errors.push(answer === undefined ? Number.POSITIVE_INFINITY : distanceKm(truth, answer))
    if (answer !== undefined && nearestRegion(answer) === nearestRegion(truth)) agreed++
  }
  errors.sort((a, b) => a - b)
  const at = (share: number) => Math.round(errors[Math.floor(errors.length * share)]!)
  return { percent: (100 * agreed) / count, medianKm: at(0.5), p95Km: at(0.95) }
}

function nearestRegion(point: Coordinates): number {
  const distances = REGIONS.map((region) => distanceKm(point, region))
  return distances.indexOf(Math.min(...distances))
}

type Random = () => number

function drawAddress(random: Random): string {
  return Array.from({ length: 4 }, () => Math.floor(random() * 256)).join('.')
}

/** Each network of the source is as likely as any other, and in it each address. */
function drawFromNetworks(source: GeoSourceFile, random: Random): (random: Random) => string {
  const networks: string[] = []
  walkSource(source, (_, depth, bits) => networks.push(`${addressText(bits, 6)}/${depth}`))
  return () => {
    const [text, depth] = networks[Math.floor(random() * networks.length)]!.split('/') as [string, string]
    const groups = text.split(':').map((group, index) => {
      const free = Math.min(16, Math.max(0, (index + 1) * 16 - Number(depth)))
      return (Number.parseInt(group, 16) + Math.floor(random() * 2 ** free)).toString(16)
    })
    return groups.join(':')
  }
}

/** mulberry32: the same addresses at every run. */
function makeRandom(seed: number): Random {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
