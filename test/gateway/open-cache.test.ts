import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Purges } from '../../src/cache/purges.ts'
import { Timers } from '../../src/delivery/timers.ts'
import { openCache, openDisk } from '../../src/gateway/open-cache.ts'
import { Log } from '../../src/observe/log.ts'
import { Metrics } from '../../src/observe/metrics.ts'
import { bodyOf, makeHead } from '../cache/support/entry.ts'
import { fillDisk } from '../cache/support/full-disk.ts'
import { Exposition } from '../helpers/exposition.ts'
import { tempDir } from '../helpers/scope.ts'

t.test('processes say to each other what they ask for where they share a disk, and nowhere else', async (t) => {
  const lines: string[] = []
  const log = new Log({ sink: { write: (line: string) => lines.push(line) }, now: Date.now, level: 'info' })
  const metrics = new Metrics({ version: '0', node: 'v0' }, { processMetrics: false })
  const timers = new Timers((error) => t.fail(String(error)))
  t.teardown(() => timers.close())
  const path = join(tempDir(t, 'cache'), 'disk')
  const disk = { path, size: 2 ** 30 }
  const file = join(path, 'claims.db')
  for (const [of, processes, isThere] of [
    [disk, 1, false],
    [null, 2, false],
    [disk, 2, true],
  ] as const) {
    const parts = { purges: new Purges(), timers, log, metrics, processes }
    const cache = await openCache({ memory: 2 ** 24, disk: of }, parts)
    t.equal(existsSync(file), isThere, `${processes} processes`)
    t.equal(
      cache.turn('key', () => 'uri-miss'),
      'ask',
    )
    await cache.close()
  }
  await (await openDisk({ memory: 2 ** 24, disk }, { log, metrics }, true))!.close()
  t.notOk(existsSync(file), 'what is left of a gateway that was killed is gone before another one serves')
  t.same(lines, [])
})

t.test('what goes wrong with a disk is counted each time, and said once in a while', async (t) => {
  const lines: string[] = []
  const log = new Log({ sink: { write: (line: string) => lines.push(line) }, now: Date.now, level: 'info' })
  const metrics = new Metrics({ version: '0', node: 'v0' }, { processMetrics: false })
  const path = tempDir(t, 'cache')
  const disk = (await openDisk({ memory: 2 ** 24, disk: { path, size: 2 ** 30 } }, { log, metrics }, true))!
  t.teardown(() => disk.close())
  fillDisk(t, path)
  for (let at = 0; at < 5; at++) {
    const content = bodyOf(`${at}`.repeat(50_000))
    t.notOk(await disk.put(makeHead({ key: `${at}`, size: 50_000 }), content.reader()!))
  }
  t.equal(lines.length, 1)
  t.match(JSON.parse(lines[0]!), { level: 'error', event: 'cache-disk-unwritable', error: { code: /./ } })
  const scrape = new Exposition((await metrics.exposition()).body)
  t.equal(scrape.value('polycdn_cache_disk_errors_total', { problem: 'unwritable' }), 5)
})
