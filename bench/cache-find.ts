/** What a look-up costs in memory and on disk: the best of some rounds, since others use the machine too. Run: node bench/cache-find.ts */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DiskTier } from '../src/cache/disk.ts'
import { MemoryTier } from '../src/cache/memory.ts'
import { requestDirectives } from '../src/cache/rules/request-directives.ts'
import { reuseOf } from '../src/cache/rules/reuse.ts'
import { DEFAULT_RULES } from '../src/cache/rules/rules.ts'
import { bodyOf, makeHead } from '../test/cache/support/entry.ts'
import { NOW } from '../test/cache/support/table.ts'

const ROUNDS = 20
const FINDS = 20_000
const OBJECTS = 1_000
const REQUEST = [
  'Host',
  'www.example.com',
  'User-Agent',
  'Mozilla/5.0 (X11; Linux x86_64)',
  'Accept',
  '*/*',
  'Accept-Encoding',
  'gzip, br',
]
const VARY = 'Cache-Control: max-age=60 | Vary: Accept-Encoding'

const folder = mkdtempSync(join(tmpdir(), 'polycdn-find-'))
const memory = new MemoryTier({ maxBytes: 2 ** 28 })
const options = { folder, maxBytes: 2 ** 30, isFirst: true, now: () => NOW, onProblem: console.error }
const disk = (await DiskTier.open(options))!
for (let at = 0; at < OBJECTS; at++) {
  for (const [kind, answer] of Object.entries({ plain: undefined, vary: VARY })) {
    const head = makeHead({ key: `s\nhttps://www.example.com/${kind}/${at}` }, answer, 'Accept-Encoding: br, gzip')
    memory.put({ head, body: bodyOf('hello') })
    await disk.put(head, bodyOf('hello').reader()!)
  }
}

const keys = (kind: string) => Array.from({ length: OBJECTS }, (_, at) => `s\nhttps://www.example.com/${kind}/${at}`)
const { freshness } = makeHead()
measure('memory', FINDS, keys('plain'), (key) => memory.find(key, REQUEST))
measure('memory, Vary: Accept-Encoding', FINDS, keys('vary'), (key) => memory.find(key, REQUEST))
measure('memory, nothing there', FINDS, keys('none'), (key) => memory.find(key, REQUEST))
measure('what may be done with it', FINDS, keys('plain'), () =>
  reuseOf(freshness, requestDirectives(REQUEST), DEFAULT_RULES, NOW),
)
measure('disk', 2_000, keys('plain'), (key) => disk.find(key, REQUEST))
measure('disk, nothing there', 2_000, keys('none'), (key) => disk.find(key, REQUEST))
await disk.close()
rmSync(folder, { recursive: true })

function measure(name: string, count: number, names: readonly string[], find: (key: string) => unknown): void {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const began = performance.now()
    for (let at = 0; at < count; at++) find(names[at % OBJECTS]!)
    return ((performance.now() - began) / count) * 1e6
  })
  console.log(
    `${name.padEnd(36)}${Math.min(...rounds)
      .toFixed(0)
      .padStart(7)} ns`,
  )
}
