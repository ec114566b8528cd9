import { hash } from 'node:crypto'
import { encode } from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import t from 'tap'
import { verifyBlock } from '../../../src/providers/ipfs/block.ts'
import { CarStream } from '../../../src/providers/ipfs/car-stream.ts'
import { noise } from './support/noise.ts'

const BLOCKS = [0, 1, 127, 128, 20_000].map((size) => noise(size, size))
const cidOf = (bytes: Uint8Array) => CID.createV1(0x55, create(0x12, hash('sha256', bytes, 'buffer')))

function length(value: number): Buffer {
  const bytes: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest])
    bytes.push((rest % 128) | 128)
  }
}

const framed = (...parts: Uint8Array[]) => Buffer.concat([length(Buffer.concat(parts).length), ...parts])
const HEADER = framed(encode({ version: 1, roots: [] }))
const CAR = Buffer.concat([HEADER, ...BLOCKS.map((bytes) => framed(cidOf(bytes).bytes, bytes))])

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function read(bytes: Uint8Array, size = 7): Promise<Buffer[]> {
  const stream = new CarStream(inPieces(bytes, size))
  const blocks: Buffer[] = []
  for (let section = await stream.next(); section !== null; section = await stream.next()) {
    verifyBlock(CID.decode(section.cid), section.block)
    blocks.push(Buffer.concat(section.block.parts))
  }
  return blocks
}

t.test('a CAR is read whatever the chunks are that it comes in', async (t) => {
  for (const size of [1, 2, 3, 37, 4096, CAR.length]) t.same(await read(CAR, size), BLOCKS, `${size}`)
})

t.test('an end within a section is told from an end between two', async (t) => {
  const ends = new Set<number>()
  for (let at = HEADER.length, index = 0; index < BLOCKS.length; index++) {
    ends.add(at)
    at += framed(cidOf(BLOCKS[index]!).bytes, BLOCKS[index]!).length
  }
  for (let cut = HEADER.length; cut < 600; cut++) {
    if (ends.has(cut)) await read(CAR.subarray(0, cut), 1000)
    else await t.rejects(read(CAR.subarray(0, cut), 1000), { name: 'TruncatedError' }, `${cut}`)
  }
})

const BAD: readonly (readonly [what: string, bytes: Uint8Array, fault: string])[] = [
  ['nothing', Buffer.alloc(0), 'unproved'],
  ['a page', Buffer.from(`<!doctype html>${' '.repeat(200)}`), 'unproved'],
  ['a header without end', Buffer.alloc(100, 0xff), 'unproved'],
  ['a header of 64 KiB and more', Buffer.concat([length(65_537), Buffer.alloc(65_537)]), 'unproved'],
  ['version 2', framed(encode({ version: 2 })), 'unproved'],
  ['a header that is no map', framed(encode(1)), 'unproved'],
  ['a section of no bytes', Buffer.concat([HEADER, length(0)]), 'unproved'],
  ['a section without a CID', Buffer.concat([HEADER, framed(Buffer.alloc(50, 0xee))]), 'unproved'],
  [
    'a CID longer than its section',
    Buffer.concat([HEADER, framed(cidOf(BLOCKS[0]!).bytes.subarray(0, 20))]),
    'unproved',
  ],
  ['a length without end', Buffer.concat([HEADER, Buffer.alloc(100, 0xff)]), 'too-large'],
  ['a section of 4 GiB', Buffer.concat([HEADER, length(2 ** 32)]), 'too-large'],
  [
    'a block over 2 MiB',
    Buffer.concat([HEADER, framed(cidOf(BLOCKS[0]!).bytes, Buffer.alloc(2 ** 21 + 1))]),
    'too-large',
  ],
  ['other bytes', Buffer.concat([HEADER, framed(cidOf(BLOCKS[0]!).bytes, Buffer.from('x'))]), 'corrupt'],
]

t.test('what is no CAR is refused', async (t) => {
  for (const [what, bytes, fault] of BAD) await t.rejects(read(bytes, 60_000), { name: 'ProofError', fault }, what)
})

t.test(
  'whoever reuses what is spent changes nothing of a section but the bytes of a raw block, which are not',
  async (t) => {
    const node = noise(5000, 9)
    const nodeCid = CID.createV1(0x70, create(0x12, hash('sha256', node, 'buffer')))
    const old = CID.createV0(create(0x12, hash('sha256', node, 'buffer')))
    const car = Buffer.concat([CAR, framed(nodeCid.bytes, node), framed(old.bytes, node)])
    for (const size of [1500, 4096, car.length]) {
      let spent = 0
      const stream = new CarStream(inPieces(Buffer.from(car), size), (bytes, length) => {
        spent += length
        t.ok(length > 0 && length <= bytes.length)
        // A whole part is nobody's any more.
        if (length === bytes.length) bytes.fill(0)
      })
      let raw = 0
      for (let section = await stream.next(); section !== null; section = await stream.next()) {
        const { cid, block } = section
        const isRaw = cid[0] === 1 && cid[1] === 0x55
        t.equal(block.isOnlyHere === true, isRaw)
        verifyBlock(CID.decode(cid), block)
        if (isRaw) raw += block.size
      }
      t.equal(spent, car.length - raw, `each byte once, in pieces of ${size}`)
    }
  },
)
