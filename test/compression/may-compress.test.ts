import t from 'tap'
import { mayCompress } from '../../src/compression/may-compress.ts'
import { MEDIA_TYPE, MediaTypes } from '../../src/compression/media-types.ts'

const SETTINGS = {
  encodings: ['br', 'gzip'],
  types: new MediaTypes(['text/*', 'application/json', 'image/svg+xml']),
  minSize: 1024,
} as const

type Case = readonly [why: string, fields: Readonly<Record<string, string>>, may: boolean, status?: number]

const HTML = { 'Content-Type': 'text/html; charset=utf-8' }

const CASES: readonly Case[] = [
  ['an unknown length counts as a long one', HTML, true],
  ['long enough', { ...HTML, 'content-length': '1024' }, true],
  ['too short', { ...HTML, 'content-length': '1023' }, false],
  ['a listed type', { 'content-type': 'application/json' }, true],
  ['a listed type in another case, with parameters', { 'content-type': 'Application/JSON ;v=1' }, true],
  ['another type', { 'content-type': 'image/png' }, false],
  ['what begins like a listed one', { 'content-type': 'application/jsonx' }, false],
  ['what ends like a group', { 'content-type': 'x-text/html' }, false],
  ['no type', {}, false],
  ['events: a pattern does not mean them', { 'content-type': 'text/event-stream' }, false],
  ['coded already', { ...HTML, 'content-encoding': 'gzip' }, false],
  ['coded twice', { ...HTML, 'content-encoding': 'identity, br' }, false],
  ['with a coding that nobody knows', { ...HTML, 'content-encoding': 'x-new' }, false],
  ['RFC 9110 section 8.4.1: identity is no coding', { ...HTML, 'content-encoding': 'identity' }, true],
  ['RFC 9111 section 5.2.2.6: no-transform', { ...HTML, 'cache-control': 'public, No-Transform' }, false],
  ['another directive', { ...HTML, 'cache-control': 'x="no-transform"' }, true],
  ['RFC 9110 section 14.4: a part', { ...HTML, 'content-range': 'bytes 0-1/2' }, false],
  ['RFC 9110 section 15.3.7: a part', HTML, false, 206],
  ['no content', HTML, false, 204],
  ['no content', HTML, false, 205],
  ['not modified', HTML, false, 304],
  ['a page about an error', HTML, true, 404],
  ['a redirect with a page', HTML, true, 302],
  ['a length that is none', { ...HTML, 'content-length': '2000, 2000' }, false],
]

for (const [why, fields, may, status = 200] of CASES) {
  t.test(`${status} ${JSON.stringify(fields)}: ${why}`, async (t) => {
    t.equal(mayCompress({ status, fields: Object.entries(fields).flat() }, SETTINGS), may)
  })
}

t.test('nothing is never compressed, whatever the configuration says', async (t) => {
  const fields = ['content-type', 'text/html', 'content-length', '0']
  t.equal(mayCompress({ status: 200, fields }, { ...SETTINGS, minSize: 0 }), false)
})

t.test('two types are none', async (t) => {
  const fields = ['content-type', 'text/html', 'content-type', 'image/png']
  t.equal(mayCompress({ status: 200, fields }, SETTINGS), false)
})

t.test('types', async (t) => {
  t.equal(new MediaTypes(['*/*']).has('font/ttf'), true)
  t.equal(new MediaTypes(['*/*']).has('nonsense'), false)
  t.equal(new MediaTypes(['*/*']).has('text/event-stream'), false)
  t.equal(new MediaTypes(['text/event-stream']).has('text/event-stream;charset=utf-8'), true)
  t.equal(new MediaTypes(['Text/HTML', 'FONT/*']).has('text/html'), true)
  t.equal(new MediaTypes(['FONT/*']).has('font/otf'), true)
  for (const type of ['*/*', 'text/*', 'application/vnd.api+json']) t.match(type, MEDIA_TYPE)
  for (const type of ['*', 'text', 'text/', '/x', '*/x', 'text/*x', 'text/html;q=1', 'a b/c'])
    t.notMatch(type, MEDIA_TYPE)
})
