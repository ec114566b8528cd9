import t from 'tap'
import { type Entry, tagsOf } from '../../src/cache/entry.ts'
import { MemoryTier } from '../../src/cache/memory.ts'
import { bodyOf, makeHead } from './support/entry.ts'
import { fields } from './support/table.ts'

const VARY = 'Cache-Control: max-age=60 | Vary: Foo'

function bodyFor(found: Entry | string): string {
  return typeof found === 'string' ? found : Buffer.concat(found.body.slices({ first: 0, last: 99 })).toString()
}

t.test('variants of one URL stand beside each other, the same one is replaced', async (t) => {
  const memory = new MemoryTier({ maxBytes: 1_000_000 })
  const { key } = makeHead()
  t.equal(memory.find(key, []), 'uri-miss')
  memory.put({ head: makeHead({}, VARY, 'Foo: 1'), body: bodyOf('one') })
  memory.put({ head: makeHead({}, VARY, 'Foo: 2'), body: bodyOf('two') })
  t.equal(bodyFor(memory.find(key, fields('Foo: 1'))), 'one')
  t.equal(bodyFor(memory.find(key, fields('Foo: 2'))), 'two')
  t.equal(memory.find(key, []), 'vary-miss')
  memory.put({ head: makeHead({}, VARY, 'Foo: 1'), body: bodyOf('newer') })
  t.equal(bodyFor(memory.find(key, fields('Foo: 1'))), 'newer')
  memory.remove(memory.find(key, fields('Foo: 1')) as Entry)
  t.equal(memory.find(key, fields('Foo: 1')), 'vary-miss')
  t.equal(bodyFor(memory.find(key, fields('Foo: 2'))), 'two')
  memory.delete(key)
  t.equal(memory.find(key, fields('Foo: 2')), 'uri-miss')
  t.equal(memory.bytes, 0)
})

t.test('heads count as bodies do, and variants of one URL are bounded', async (t) => {
  const memory = new MemoryTier({ maxBytes: 1_000_000 })
  memory.put({ head: makeHead({}, `Cache-Control: max-age=9 | A: ${'x'.repeat(5_000)}`), body: bodyOf('y') })
  t.ok(memory.bytes > 5_000 && memory.bytes < 7_000, `${memory.bytes}`)
  for (let at = 0; at < 40; at++) memory.put({ head: makeHead({}, VARY, `Foo: ${at}`), body: bodyOf('z') })
  t.equal([...memory.entries()].length, 16)
  const { key } = makeHead()
  t.equal(bodyFor(memory.find(key, fields('Foo: 39'))), 'z')
  t.equal(memory.find(key, fields('Foo: 3')), 'vary-miss', 'the oldest went')
})

t.test('a content in a coding belongs to one body: it counts, and goes with it', async (t) => {
  const memory = new MemoryTier({ maxBytes: 100_000 })
  const { key } = makeHead()
  const body = bodyOf('one')
  const content = Buffer.alloc(1_000)
  const encodedFor = (request: string) => (memory.find(key, fields(request)) as Entry).encoded
  t.notOk(memory.putEncoded(key, body, 'br', content), 'nothing is stored')
  memory.put({ head: makeHead({}, VARY, 'Foo: 1'), body })
  memory.put({ head: makeHead({}, VARY, 'Foo: 2'), body: bodyOf('two') })
  const before = memory.bytes
  t.ok(memory.putEncoded(key, body, 'br', content))
  t.equal(memory.bytes, before + 1_000)
  t.equal(encodedFor('Foo: 1')!.get('br'), content)
  t.equal(encodedFor('Foo: 2'), undefined)
  t.ok(memory.putEncoded(key, body, 'gzip', content))
  t.strictSame([...encodedFor('Foo: 1')!.keys()], ['br', 'gzip'])
  t.notOk(memory.putEncoded(key, body, 'zstd', Buffer.alloc(200_000)), 'larger than all there is')
  t.equal(bodyFor(memory.find(key, fields('Foo: 1'))), 'one', 'the answer stays')
  memory.put({ head: makeHead({}, VARY, 'Foo: 1'), body: bodyOf('new') })
  t.equal(encodedFor('Foo: 1'), undefined)
  t.equal(memory.bytes, before)
  t.notOk(memory.putEncoded(key, body, 'br', content), 'of a body that was replaced')
})

t.test('tags come from both fields, and are bounded', async (t) => {
  t.strictSame(tagsOf('a, b,,c d', 'e  a\tf'), ['a', 'b', 'c d', 'e', 'f'])
  t.strictSame(tagsOf(null, null), [])
  t.equal(tagsOf(null, Array.from({ length: 200 }, (_, at) => `t${at}`).join(' ')).length, 64)
  t.strictSame(tagsOf('x'.repeat(300), null), [])
})
