import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type DiskEntry, DiskTier } from '../../src/cache/disk.ts'
import { WITHOUT_TAP } from '../helpers/child.ts'
import { contentOf } from './support/content.ts'
import { makeHead } from './support/entry.ts'

const MAX_BYTES = 20 * 2 ** 20

t.test('a process that is killed while it writes leaves no wrong byte, and no heap of files', async (t) => {
  const folder = t.testdir({})
  for (let round = 0; round < 3; round++) {
    const program = join(import.meta.dirname, 'support/fill-disk.ts')
    const child = spawn(WITHOUT_TAP[0], [...WITHOUT_TAP.slice(1), process.execPath, program, folder])
    t.teardown(() => child.kill('SIGKILL'))
    await once(child.stdout, 'data')
    child.kill('SIGKILL')
    await once(child, 'exit')

    const problems: string[] = []
    const options = { folder, maxBytes: MAX_BYTES, isFirst: true, now: Date.now }
    const disk = (await DiskTier.open({ ...options, onProblem: (problem) => problems.push(problem) }))!
    let whole = 0
    for (let at = 0; at < 40; at++) whole += (await isWhole(disk, at)) ? 1 : 0
    t.ok(whole > 3, `${whole} objects are there, and right`)
    await disk.sweep()
    t.ok(disk.usage.bytes <= MAX_BYTES, `${disk.usage.bytes} bytes`)
    t.strictSame(globSync(join(folder, '*/content/tmp/*')), [])
    t.ok(await disk.put(makeHead({ key: 'new' }), once200()))
    await disk.close()
    t.strictSame(problems, [])
  }
})

async function* once200() {
  yield Buffer.alloc(200_000)
}

/** Throws where what is read is not what was written. */
async function isWhole(disk: DiskTier, at: number): Promise<boolean> {
  const found = disk.find(`${at}`, [])
  if (typeof found === 'string') return false
  const content = contentOf(at)
  const chunks: Buffer[] = []
  for await (const chunk of (found as DiskEntry).read({ first: 0, last: content.length - 1 })) chunks.push(chunk)
  if (!Buffer.concat(chunks).equals(content)) throw new Error(`the bytes of ${at} are wrong`)
  return true
}
