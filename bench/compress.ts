// What a level of a coding costs and gains on the kinds of text that sites send, in pieces as they come from a socket:
//   node bench/compress.ts
import { globSync, readFileSync } from 'node:fs'
import type { Transform } from 'node:stream'
import { createBrotliCompress, createGzip, createZstdCompress, constants as z } from 'node:zlib'

const root = new URL('..', import.meta.url)
const read = (pattern: string) =>
  Buffer.concat(
    globSync(pattern, { cwd: root })
      .sort()
      .map((file) => readFileSync(new URL(file, root))),
  )

const TEXTS = {
  prose: read('docs/*.md'),
  json: read('dashboards/*.json'),
  script: read('src/delivery/*.ts'),
  page: read('docs/failover.md').subarray(0, 8 * 1024),
}
/** Bytes, as a socket gives them. */
const PIECE = 64 * 1024
/** Bytes that a row encodes at least. */
const AMOUNT = 8 * 2 ** 20

const brotli = (quality: number, window: number) => () =>
  createBrotliCompress({ params: { [z.BROTLI_PARAM_QUALITY]: quality, [z.BROTLI_PARAM_LGWIN]: window } })
const gzip = (level: number) => () => createGzip({ level })
const zstd = (level: number, window: number) => () =>
  createZstdCompress({ params: { [z.ZSTD_c_compressionLevel]: level, [z.ZSTD_c_windowLog]: window } })

const ENCODERS: Readonly<Record<string, () => Transform>> = {
  'br 3 window 18': brotli(3, 18),
  'br 4 window 18': brotli(4, 18),
  'br 5 window 18': brotli(5, 18),
  'br 5 window 22': brotli(5, 22),
  'br 6 window 18': brotli(6, 18),
  'gzip 1': gzip(1),
  'gzip 4': gzip(4),
  'gzip 5': gzip(5),
  'gzip 6': gzip(6),
  'zstd 1 window 19': zstd(1, 19),
  'zstd 3 window 19': zstd(3, 19),
  'zstd 6 window 19': zstd(6, 19),
}

/** Bytes that come out. */
async function encode(encoder: Transform, text: Buffer): Promise<number> {
  let out = 0
  encoder.on('data', (piece: Buffer) => {
    out += piece.length
  })
  for (let at = 0; at < text.length; at += PIECE) encoder.write(text.subarray(at, at + PIECE))
  encoder.end()
  await new Promise((resolve) => encoder.once('close', resolve))
  return out
}

for (const [kind, text] of Object.entries(TEXTS)) {
  process.stdout.write(`\n${kind}, ${Math.round(text.length / 1024)} KiB\n`)
  for (const [name, create] of Object.entries(ENCODERS)) {
    await encode(create(), text)
    const times = Math.ceil(AMOUNT / text.length)
    const before = process.cpuUsage()
    let out = 0
    for (let i = 0; i < times; i++) out = await encode(create(), text)
    const { user, system } = process.cpuUsage(before)
    const perMegabyte = (user + system) / 1000 / ((times * text.length) / 1e6)
    const ratio = (text.length / out).toFixed(2)
    process.stdout.write(
      `${name.padEnd(18)} ${ratio.padStart(6)}×  ${perMegabyte.toFixed(1).padStart(6)} ms CPU a MB\n`,
    )
  }
}
