/** What is needed of a MaxMind DB to walk its search tree; maxmind's Reader has it as `metadata`. */
export interface TreeShape {
  readonly nodeCount: number
  readonly recordSize: number
}

export interface DrawOptions {
  readonly version: 4 | 6
  readonly count: number
  readonly random: () => number
}

/** Global unicast, 2000::/3. What stands for IPv4 (6to4, Teredo) is left out below. */
const GLOBAL = [0, 0, 1]

/**
 * Addresses drawn from a MaxMind DB of IPv6 form: networks with data uniformly, an address within each uniformly.
 * Walks the file itself and shares no code with what it tests.
 */
export function drawAddresses(file: Buffer, shape: TreeShape, options: DrawOptions): string[] {
  const picked: Uint8Array[] = []
  const { version, count, random } = options
  let seen = 0
  for (const network of networks(file, shape, version)) {
    seen++
    const slot = picked.length < count ? picked.length : Math.floor(random() * seen)
    if (slot < count) picked[slot] = network.slice()
  }
  return picked.map((bits) => addressIn(bits, version, random))
}

/** Each network with data as its prefix bits. The array is the walker's own: copy it to keep it. */
function* networks(file: Buffer, shape: TreeShape, version: 4 | 6): Generator<Uint8Array> {
  const read = recordReader(file, shape.recordSize)
  const width = version === 4 ? 32 : 128
  const bits = new Uint8Array(width)
  const stack = [startOf(read, version, bits)]
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { node, depth, bit } = top
    if (depth > 0) bits[depth - 1] = bit
    if (node > shape.nodeCount) {
      const prefix = bits.subarray(0, depth)
      if (version === 4 || !isTransition(prefix)) yield prefix
    }
    if (node >= shape.nodeCount || depth === width) continue
    stack.push({ node: read(node, 1), depth: depth + 1, bit: 1 }, { node: read(node, 0), depth: depth + 1, bit: 0 })
  }
}

interface Visit {
  readonly node: number
  /** How many bits lead to the node, and the last of them. */
  readonly depth: number
  readonly bit: number
}

function startOf(read: (node: number, side: 0 | 1) => number, version: 4 | 6, bits: Uint8Array): Visit {
  let node = 0
  if (version === 4) {
    for (let bit = 0; bit < 96; bit++) node = read(node, 0)
    return { node, depth: 0, bit: 0 }
  }
  for (const bit of GLOBAL) node = read(node, bit as 0 | 1)
  bits.set(GLOBAL)
  return { node, depth: GLOBAL.length, bit: 1 }
}

function recordReader(file: Buffer, size: number): (node: number, side: 0 | 1) => number {
  if (size !== 24 && size !== 28 && size !== 32) throw new Error(`unknown record size ${size}`)
  return (node, side) => {
    const at = (node * size) / 4
    if (size === 24) return file.readUIntBE(at + side * 3, 3)
    if (size === 32) return file.readUInt32BE(at + side * 4)
    const middle = file[at + 3]!
    const high = side === 0 ? middle >> 4 : middle & 15
    return high * 2 ** 24 + file.readUIntBE(at + side * 4, 3)
  }
}

/** In 2002::/16 or 2001::/32. */
function isTransition(prefix: Uint8Array): boolean {
  let first = 0
  for (let bit = 0; bit < 32; bit++) first = first * 2 + (bit < prefix.length ? prefix[bit]! : 0)
  return first >>> 16 === 0x2002 || first === 0x20010000
}

function addressIn(prefix: Uint8Array, version: 4 | 6, random: () => number): string {
  const width = version === 4 ? 32 : 128
  const bits = Uint8Array.from({ length: width }, (_, i) => (i < prefix.length ? prefix[i]! : random() < 0.5 ? 0 : 1))
  return format(bits, version)
}

function format(bits: Uint8Array, version: 4 | 6): string {
  const size = version === 4 ? 8 : 16
  const groups = Array.from({ length: version === 4 ? 4 : 8 }, (_, group) => {
    let value = 0
    for (let bit = group * size; bit < (group + 1) * size; bit++) value = value * 2 + (bits[bit] ?? 0)
    return version === 4 ? String(value) : value.toString(16)
  })
  return groups.join(version === 4 ? '.' : ':')
}
