import { sign } from 'node:crypto'
import canonicalize from 'canonicalize'
import t from 'tap'
import { sealEnvelope } from '../../src/manifest/envelope.ts'
import type { Manifest } from '../../src/manifest/manifest.ts'
import { openManifest } from '../../src/manifest/open-manifest.ts'
import { generatePrivateKey, parsePrivateKey } from '../../src/manifest/private-key.ts'
import type { ManifestRefusal } from '../../src/manifest/refusal.ts'
import { signManifest } from '../../src/manifest/sign-manifest.ts'
import { seededRandom } from '../helpers/random.ts'
import { contentOf, KEY, PUBLIC_KEY, sealed, signedFile } from './support/manifests.ts'

const BIG = Buffer.alloc(600_000, 'x')
const FILES = { '/': Buffer.from('home'), '/a b/ü.js': Buffer.from('1'), '/big': BIG, '/none': Buffer.alloc(0) }

interface Loose {
  [key: string]: unknown
  files: Record<string, Record<string, unknown>>
}

/** Any text, signed as if it were a manifest. */
function sealText(text: string | Buffer): Buffer {
  const signed = Buffer.from(text as string)
  return sealEnvelope({ publicKey: PUBLIC_KEY, signed, signature: sign(null, signed, KEY) })
}

function sealValue(change: (content: Loose) => void): Buffer {
  const content = structuredClone(contentOf(FILES)) as unknown as Loose
  change(content)
  return sealText(canonicalize(content)!)
}

function refusal(bytes: Uint8Array, key: string | null = PUBLIC_KEY): ManifestRefusal {
  return openManifest(bytes, key) as ManifestRefusal
}

t.test('what was signed is read', async (t) => {
  const bytes = sealed(FILES, { sequence: 7 })
  const manifest = openManifest(bytes, PUBLIC_KEY) as Manifest
  t.match(manifest, { site: 'www', sequence: 7, publicKey: PUBLIC_KEY, created: Date.UTC(2026, 10, 26) })
  t.strictSame([...manifest.files.keys()].sort(), Object.keys(FILES).sort())
  for (const [path, body] of Object.entries(FILES)) {
    const file = manifest.files.get(path)!
    const { pieces, sha256 } = signedFile(body)
    t.equal(file.size, body.length)
    t.equal(file.etag, `"${sha256}"`)
    t.equal(file.digests().toString('base64url'), pieces ?? sha256)
  }
  t.strictSame(openManifest(bytes.subarray(0, -1), null), manifest, 'the line feed is no part of it')
  t.strictSame(openManifest(sealed(FILES, { sequence: 7 }), null), manifest, 'equal contents, equal bytes')
  t.not((openManifest(sealed(FILES, { sequence: 8 }), null) as Manifest).id, manifest.id)
})

t.test('what another signed, or nobody did', async (t) => {
  const other = signManifest(contentOf(FILES), parsePrivateKey(generatePrivateKey())!)
  t.equal(refusal(other).fault, 'other-key')
  t.match(openManifest(other, null), { site: 'www' }, 'whole it is')
  const theirs = Buffer.concat([sealed(FILES).subarray(0, 60), other.subarray(60)])
  t.equal(refusal(theirs).fault, 'bad-signature', 'our key, their signature')
  const bytes = sealed(FILES)
  for (const at of [80, 300, bytes.length - 60, bytes.length - 20]) {
    const changed = Buffer.from(bytes)
    changed[at] = changed[at] === 65 ? 66 : 65
    t.equal(refusal(changed).fault, 'bad-signature', `byte ${at}`)
  }
  t.equal(refusal(Buffer.alloc(64 * 1024 * 1024 + 1)).fault, 'too-large')
  for (const junk of ['', '{}', '<html>', '[]', '{"key":"","manifest":{},"signature":""}']) {
    t.equal(refusal(Buffer.from(junk)).fault, 'malformed', junk)
  }
})

t.test('what is signed and makes no sense', async (t) => {
  const cases: Record<string, (content: Loose) => void> = {
    'a version': (content) => (content.version = 2),
    'a key too many': (content) => (content.x = 1),
    'a key too few': (content) => delete content.created,
    'a site': (content) => (content.site = '../x'),
    'a sequence of 0': (content) => (content.sequence = 0),
    'a sequence with a fraction': (content) => (content.sequence = 1.5),
    'a sequence beyond 2^53': (content) => (content.sequence = 2 ** 53),
    'a time': (content) => (content.expires = 'tomorrow'),
    'a day that does not exist': (content) => (content.expires = '2027-02-30T00:00:00Z'),
    'files that are a list': (content) => (content.files = [] as never),
    'a file that is none': (content) => (content.files['/'] = null as never),
    'a key of a file': (content) => (content.files['/']!.x = 1),
    'a size': (content) => (content.files['/']!.size = -1),
    'a type': (content) => (content.files['/']!.type = 'text/html\r\nx: y'),
    'a short digest': (content) => (content.files['/']!.sha256 = 'AAAA'),
    'a digest in its second spelling': (content) => (content.files['/']!.sha256 = `${'A'.repeat(42)}B`),
    'pieces of one piece': (content) => (content.files['/']!.pieces = content.files['/']!.sha256),
    'pieces that are missing': (content) => delete content.files['/big']!.pieces,
    'a piece too few': (content) => (content.files['/big']!.size = BIG.length + 262_144),
    'an empty file with a digest': (content) => (content.files['/none']!.sha256 = content.files['/']!.sha256),
    'no references': (content) => (content.files['/']!.refs = {}),
    'a reference with a space': (content) => (content.files['/']!.refs = { ipfs: 'a b' }),
    'a network that is none': (content) => (content.files['/']!.refs = { IPFS: 'x' }),
  }
  for (const [name, change] of Object.entries(cases)) t.equal(refusal(sealValue(change)).fault, 'malformed', name)
  for (const path of [
    '',
    'a',
    '//',
    '/a//b',
    '/.',
    '/..',
    '/a/../b',
    '/a/.',
    '/\n',
    '/\u0085',
    `/${'x'.repeat(4096)}`,
  ]) {
    const named = sealValue((content) => (content.files[path] = content.files['/']!))
    t.match(refusal(named), { fault: 'malformed', message: /^has a bad file/ }, JSON.stringify(path))
  }
  t.match(
    openManifest(
      sealValue((content) => (content.files['/']!.refs = { arweave: 'x', ipfs: 'y' })),
      null,
    ),
    {
      sequence: 1,
    },
  )
})

t.test('JSON that is not canonical is refused, whoever signed it', async (t) => {
  const text = canonicalize(contentOf(FILES))!
  t.match(openManifest(sealText(text), PUBLIC_KEY), { sequence: 1 })
  const cases = {
    'white space': text.replace(':', ': '),
    'a key twice': text.replace('"sequence":1', '"sequence":1,"sequence":1'),
    'a path twice': text.replace('"/none":', '"/":{},"/none":'),
    'another order': canonicalize(contentOf(FILES))!.replace(/^\{(.*),("version":1)\}$/, '{$2,$1}'),
    'a number in another spelling': text.replace('"sequence":1', '"sequence":1.0'),
    'an escape that is not needed': text.replace('/big', '/\\u0062ig'),
    'half a surrogate': text.replace('/big', '/bi\\ud800g'),
    'a prototype': text.replace('"files":{', '"files":{"__proto__":{},'),
    'more after it': `${text}{}`,
    'a mark of the byte order': `\ufeff${text}`,
    nothing: '',
    'a list': '[]',
    null: 'null',
    'a hundred thousand lists': '['.repeat(100_000),
  }
  for (const [name, changed] of Object.entries(cases)) t.equal(refusal(sealText(changed)).fault, 'malformed', name)
  const latin1 = Buffer.from(text.replace('ü', 'u'))
  latin1[latin1.indexOf('/u.js') + 1] = 0xfc
  t.equal(refusal(sealText(latin1)).fault, 'malformed', 'no UTF-8')
})

t.test('damage that is signed: no crash, and nothing that is not canonical', async (t) => {
  const random = seededRandom(6)
  const text = canonicalize(contentOf(FILES))!
  const draw = (length: number) => Math.floor(random() * length)
  let accepted = 0
  for (let round = 0; round < 1500; round++) {
    const bytes = Buffer.from(text)
    for (let change = 0; change <= draw(3); change++) {
      const at = draw(bytes.length)
      const alphabet = '{}[]",:01/\\eE-+.\u0000 x'
      if (random() < 0.7) bytes[at] = alphabet.charCodeAt(draw(alphabet.length))
      else bytes.copyWithin(at, draw(bytes.length), draw(bytes.length))
    }
    const cut = random() < 0.2 ? bytes.subarray(0, draw(bytes.length)) : bytes
    const opened = openManifest(sealText(cut), PUBLIC_KEY)
    if ('fault' in opened) continue
    accepted++
    t.equal(canonicalize(JSON.parse(cut.toString())), cut.toString())
  }
  t.ok(accepted < 700, 'most of it is refused')
})

t.test('damage to the envelope', async (t) => {
  const random = seededRandom(7)
  const bytes = sealed({ '/': Buffer.from('x') })
  for (let round = 0; round < 500; round++) {
    const at = Math.floor(random() * (bytes.length - 1))
    const changed = Buffer.from(bytes)
    changed[at]! ^= 1 << Math.floor(random() * 8)
    t.ok('fault' in openManifest(changed, null), `byte ${at}`)
    t.ok('fault' in openManifest(bytes.subarray(0, at), null))
  }
})
