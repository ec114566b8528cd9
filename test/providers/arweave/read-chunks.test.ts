import t from 'tap'
import { MAX_CHUNK } from '../../../src/providers/arweave/merkle.ts'
import { type Chunks, readChunks } from '../../../src/providers/arweave/read-chunks.ts'
import { seededRandom } from '../../helpers/random.ts'
import { allOf, bytesOf } from './support.ts'

/** Chunks that end where it is said, and how many of them were asked for at a time. */
class CountingChunks implements Chunks {
  readonly interest = { lost: false }
  readonly asked: number[] = []
  most = 0
  #running = 0
  readonly #data: Buffer
  readonly #ends: readonly number[]

  constructor(data: Buffer, ends: readonly number[]) {
    this.#data = data
    this.#ends = ends
  }

  async chunk(_transaction: unknown, at: number) {
    this.asked.push(at)
    this.most = Math.max(this.most, ++this.#running)
    await Promise.resolve()
    this.#running--
    const end = this.#ends.find((one) => at < one)!
    const start = this.#ends.findLast((one) => one <= at) ?? 0
    return { start, end, bytes: this.#data.subarray(start, end) }
  }
}

const transaction = (dataSize: number) => ({ id: '', dataRoot: Buffer.alloc(32), dataSize, tags: [] })

t.test('asks ahead for a few chunks at a time, and for each one once', async (t) => {
  const data = bytesOf(9 * MAX_CHUNK + 5)
  const ends = [...Array.from({ length: 9 }, (_, index) => (index + 1) * MAX_CHUNK), data.length]
  const chunks = new CountingChunks(data, ends)
  t.ok(data.equals(await allOf(readChunks(chunks, transaction(data.length), 0, data.length - 1))))
  t.equal(chunks.most, 4)
  t.equal(chunks.asked.length, 10)
})

t.test('the last two chunks may share what is left', async (t) => {
  const data = bytesOf(2 * MAX_CHUNK + 1000)
  const chunks = new CountingChunks(data, [MAX_CHUNK, MAX_CHUNK + (MAX_CHUNK + 1000) / 2, data.length])
  t.ok(data.equals(await allOf(readChunks(chunks, transaction(data.length), 0, data.length - 1))))
  t.equal(chunks.asked.length, 3)
})

t.test('chunks of any sizes come out whole and in order', async (t) => {
  const random = seededRandom(13)
  const data = bytesOf(5 * MAX_CHUNK)
  for (let round = 0; round < 40; round++) {
    const ends: number[] = []
    for (let at = 0; at < data.length; ends.push(at)) {
      at = Math.min(data.length, at + 1 + Math.floor(random() * (round % 2 === 0 ? MAX_CHUNK : MAX_CHUNK / 8)))
    }
    const first = Math.floor(random() * data.length)
    const last = first + Math.floor(random() * (data.length - first))
    const range = await allOf(readChunks(new CountingChunks(data, ends), transaction(data.length), first, last))
    t.ok(data.subarray(first, last + 1).equals(range), `${first} to ${last}, chunks to ${ends}`)
  }
})

t.test('whoever stops loses interest, and no bytes come of nothing', async (t) => {
  const data = bytesOf(3 * MAX_CHUNK)
  const chunks = new CountingChunks(data, [MAX_CHUNK, 2 * MAX_CHUNK, data.length])
  const units = readChunks(chunks, transaction(data.length), 0, data.length - 1)
  await units.next()
  t.notOk(chunks.interest.lost)
  await units.return()
  t.ok(chunks.interest.lost)
  t.equal((await allOf(readChunks(chunks, transaction(0), 0, -1))).length, 0)
})
