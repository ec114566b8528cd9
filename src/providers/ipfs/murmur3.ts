const C1 = 0x87c37b91114253d5n
const C2 = 0x4cf5ad432745937fn

/** The first 64 bits of MurmurHash3 x64 128 with seed 0: where a name lies in a sharded directory. Public domain. */
export function murmur3x64(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let h1 = 0n
  let h2 = 0n
  let at = 0
  for (; at + 16 <= bytes.length; at += 16) {
    h1 ^= mix1(view.getBigUint64(at, true))
    h1 = u64(u64(rotate(h1, 27n) + h2) * 5n + 0x52dce729n)
    h2 ^= mix2(view.getBigUint64(at + 8, true))
    h2 = u64(u64(rotate(h2, 31n) + h1) * 5n + 0x38495ab5n)
  }
  const tail = new DataView(new ArrayBuffer(16))
  for (let index = 0; at + index < bytes.length; index++) tail.setUint8(index, bytes[at + index]!)
  h2 ^= mix2(tail.getBigUint64(8, true))
  h1 ^= mix1(tail.getBigUint64(0, true))
  const length = BigInt(bytes.length)
  h1 = u64((h1 ^ length) + (h2 ^ length))
  h2 = u64((h2 ^ length) + h1)
  return u64(avalanche(h1) + avalanche(h2))
}

function mix1(k: bigint): bigint {
  return u64(rotate(u64(k * C1), 31n) * C2)
}

function mix2(k: bigint): bigint {
  return u64(rotate(u64(k * C2), 33n) * C1)
}

function avalanche(value: bigint): bigint {
  const first = u64((value ^ (value >> 33n)) * 0xff51afd7ed558ccdn)
  const second = u64((first ^ (first >> 33n)) * 0xc4ceb9fe1a85ec53n)
  return second ^ (second >> 33n)
}

function rotate(value: bigint, bits: bigint): bigint {
  return u64(value << bits) | (value >> (64n - bits))
}

function u64(value: bigint): bigint {
  return BigInt.asUintN(64, value)
}
