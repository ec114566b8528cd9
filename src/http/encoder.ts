import type { Transform } from 'node:stream'
// Not by name: Node before 22.15 and 23.8 has no Zstandard, and would not load this file.
import * as zlib from 'node:zlib'
import type { Encoding } from '../compression/encoding.ts'

/** What Node makes of a content coding. `flush` hands out all that was written, so that a reader can decode it. */
export type Encoder = Transform & { flush(kind: number, done: () => void): void }

const { constants } = zlib

/**
 * Levels by bench/compress.ts: one more costs half as much again for 3 to 6 % fewer bytes. Windows of 256 and 512 KiB
 * keep an encoder below 2 MiB and lose nothing at the sizes of pages and scripts.
 */
const QUALITY_OF_BROTLI = 4
const WINDOW_OF_BROTLI = 18
const LEVEL_OF_GZIP = 4
const LEVEL_OF_ZSTD = 3
const WINDOW_OF_ZSTD = 19

const brotli = () =>
  zlib.createBrotliCompress({
    params: {
      [constants.BROTLI_PARAM_QUALITY]: QUALITY_OF_BROTLI,
      [constants.BROTLI_PARAM_LGWIN]: WINDOW_OF_BROTLI,
      [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
    },
  })

const gzip = () => zlib.createGzip({ level: LEVEL_OF_GZIP })

const zstd = () =>
  zlib.createZstdCompress({
    params: {
      [constants.ZSTD_c_compressionLevel]: LEVEL_OF_ZSTD,
      [constants.ZSTD_c_windowLog]: WINDOW_OF_ZSTD,
    },
  })

const CREATE = { br: brotli, gzip, zstd } as const satisfies Record<Encoding, () => Transform>

const FLUSH = {
  br: constants.BROTLI_OPERATION_FLUSH,
  gzip: constants.Z_SYNC_FLUSH,
  zstd: constants.ZSTD_e_flush,
} as const satisfies Record<Encoding, number>

export function createEncoder(encoding: Encoding): Encoder {
  return CREATE[encoding]() as unknown as Encoder
}

/** All that was written comes out; `done` is not called where the encoder is destroyed first. */
export function flushEncoder(encoder: Encoder, encoding: Encoding, done: () => void): void {
  encoder.flush(FLUSH[encoding], done)
}
