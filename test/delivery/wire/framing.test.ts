import t from 'tap'
import { framingOf } from '../../../src/delivery/wire/framing.ts'
import type { WireHead } from '../../../src/delivery/wire/head-parser.ts'
import { keptAlive } from '../../../src/delivery/wire/keep-alive.ts'

function head(status: number, fields: readonly string[] = [], minor: 0 | 1 = 1): WireHead {
  return { status, minor, rawHeaders: fields.map((text) => Buffer.from(text, 'latin1')) }
}

const LENGTH = ['Content-Length', '5'] as const
const CODED = ['Transfer-Encoding', 'Chunked'] as const

t.test('how long a body is', async (t) => {
  t.equal(framingOf('GET', head(200)), 'until-end')
  t.equal(framingOf('GET', head(200, LENGTH)), 5)
  t.equal(framingOf('GET', head(200, ['CONTENT-LENGTH', '0'], 0)), 0)
  t.equal(framingOf('GET', head(200, ['a', 'b', ...CODED])), 'chunked')
  for (const status of [103, 204, 304]) t.equal(framingOf('GET', head(status)), 0)
  t.equal(framingOf('GET', head(304, LENGTH)), 0)
  t.equal(framingOf('GET', head(304, CODED)), 0)
  for (const fields of [LENGTH, CODED, []]) t.equal(framingOf('HEAD', head(200, fields)), 0)
})

t.test('heads that contradict themselves', async (t) => {
  for (const method of ['GET', 'HEAD']) {
    t.equal(framingOf(method, head(200, [...LENGTH, ...CODED])), null)
    t.equal(framingOf(method, head(200, [...LENGTH, ...LENGTH])), null)
    t.equal(framingOf(method, head(200, [...CODED, ...CODED])), null)
    t.equal(framingOf(method, head(200, CODED, 0)), null, 'HTTP/1.0 knows no coding')
    t.equal(framingOf(method, head(200, ['transfer-encoding', 'gzip, chunked'])), null)
    t.equal(framingOf(method, head(200, ['content-length', '5,5'])), null)
    t.equal(framingOf(method, head(204, CODED)), null)
    t.equal(framingOf(method, head(103, LENGTH)), null)
    t.equal(framingOf(method, head(101)), null, 'nobody asked for another protocol')
    t.equal(framingOf(method, head(600)), null)
  }
})

t.test('for how long a connection may be used again', async (t) => {
  const kept = (fields: readonly string[], minor: 0 | 1 = 1) => keptAlive('GET', head(200, fields, minor), 5)
  t.equal(kept([]), 30_000)
  t.equal(kept(['connection', 'Close']), 0)
  t.equal(kept(['connection', 'x , close,']), 0)
  t.equal(kept(['connection', 'keep-alive', 'connection', 'close']), 0)
  t.equal(kept(['connection', 'closed']), 30_000)
  t.equal(kept([], 0), 0)
  t.equal(kept(['Connection', 'Keep-Alive'], 0), 30_000)
  t.equal(kept(['Keep-Alive', 'timeout=5, max=100']), 3000)
  t.equal(kept(['keep-alive', 'timeout=2']), 0)
  t.equal(kept(['keep-alive', 'timeout=99999999']), 600_000)
  t.equal(kept(['keep-alive', 'max=1', 'x', 'y']), 30_000)
  t.equal(keptAlive('GET', head(200), 'until-end'), 0)
  t.equal(keptAlive('GET', head(200, CODED), 'chunked'), 30_000)
})

t.test('content that an answer names and may not have is not waited for', async (t) => {
  for (const status of [204, 304]) {
    t.equal(keptAlive('GET', head(status, LENGTH), 0), 0)
    t.equal(keptAlive('GET', head(status, ['content-length', '0', 'etag', '"a"']), 0), 30_000)
  }
  t.equal(keptAlive('GET', head(304, CODED), 0), 0)
  t.equal(keptAlive('HEAD', head(200, ['content-length', '0']), 0), 0)
})
