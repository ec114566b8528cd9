import { seededRandom } from '../../test/helpers/random.ts'

export interface TraceOptions {
  readonly seed: number
  readonly requests: number
  readonly objects: number
  /** The skew: 0 is none, about 0.8 to 1 is what caches of the web see. */
  readonly alpha: number
}

/** Requests for objects, whose popularity is Zipf's, and the bytes of each object, log-normal. Equal seeds, equal traces. */
export interface Trace {
  readonly requests: Uint32Array
  readonly bytes: Uint32Array
  readonly totalBytes: number
}

const MEDIAN = 8_192
const SPREAD = 1.6
const SMALLEST = 200
const LARGEST = 16 * 2 ** 20

export function makeTrace({ seed, requests, objects, alpha }: TraceOptions): Trace {
  const random = seededRandom(seed)
  const cumulative = new Float64Array(objects)
  let sum = 0
  for (let rank = 0; rank < objects; rank++) cumulative[rank] = sum += 1 / (rank + 1) ** alpha
  const bytes = Uint32Array.from({ length: objects }, () => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    return Math.min(LARGEST, Math.max(SMALLEST, MEDIAN * Math.exp(SPREAD * normal)))
  })
  const asked = Uint32Array.from({ length: requests }, () => rankOf(cumulative, random() * sum))
  return { requests: asked, bytes, totalBytes: bytes.reduce((total, one) => total + one, 0) }
}

function rankOf(cumulative: Float64Array, wanted: number): number {
  let [low, high] = [0, cumulative.length - 1]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (cumulative[middle]! < wanted) low = middle + 1
    else high = middle
  }
  return low
}
