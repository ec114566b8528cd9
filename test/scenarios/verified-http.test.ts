import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { request } from 'node:http'
import t, { type Test } from 'tap'
import type { Cdn, Endpoint } from '../../src/config/snapshot.ts'
import { openManifest } from '../../src/manifest/open-manifest.ts'
import { publicKeyOf } from '../../src/manifest/private-key.ts'
import { type SignedFile, signManifest } from '../../src/manifest/sign-manifest.ts'
import { LIES, type Lie, type LyingServer, lyingServer, ODDITIES } from '../helpers/lying-server.ts'
import { front } from '../http/support/front.ts'
import { cdn, endpoint, policy, site, testServices } from '../http/support/services.ts'

const PIECE = 256 * 1024
const { privateKey } = generateKeyPairSync('ed25519')

const FILES = new Map([
  ['/one.bin', randomBytes(1)],
  ['/below.bin', randomBytes(PIECE - 1)],
  ['/even.bin', randomBytes(PIECE)],
  ['/above.bin', randomBytes(PIECE + 1)],
  ['/large.bin', randomBytes(5 * PIECE + 77)],
])

function signed(files: ReadonlyMap<string, Buffer>, sequence = 1) {
  const entries = [...files].map(([path, bytes]): [string, SignedFile] => {
    const digests: Buffer[] = []
    for (let at = 0; at < bytes.length; at += PIECE) digests.push(sha256(bytes.subarray(at, at + PIECE)))
    const pieces = digests.length > 1 ? { pieces: Buffer.concat(digests).toString('base64url') } : {}
    return [
      path,
      { size: bytes.length, type: 'application/x-true', sha256: sha256(bytes).toString('base64url'), ...pieces },
    ]
  })
  const times = { created: '2026-01-01T00:00:00Z', expires: '2100-01-01T00:00:00Z' }
  const content = { version: 1 as const, site: 'www', sequence, ...times, files: Object.fromEntries(entries) }
  const manifest = openManifest(signManifest(content, privateKey), publicKeyOf(privateKey))
  if ('problem' in manifest || !('files' in manifest)) throw new Error(JSON.stringify(manifest))
  return manifest
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}

interface Seen {
  readonly end: 'whole' | 'cut' | 'none'
  readonly status: number
  readonly headers: NodeJS.Dict<string | string[]>
  readonly bytes: Buffer
}

/** What reaches a client's socket, byte by byte, also of an answer that is cut. */
function seen(port: number, path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Seen> {
  return new Promise((resolve) => {
    const parts: Buffer[] = []
    let status = 0
    let got: Seen['headers'] = {}
    const finish = (end: Seen['end']) => resolve({ end, status, headers: got, bytes: Buffer.concat(parts) })
    const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      status = response.statusCode!
      got = response.headers
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('end', () => finish(response.complete ? 'whole' : 'cut'))
      response.on('error', () => finish('cut'))
    })
    sent.on('error', () => finish(status === 0 ? 'none' : 'cut')).end()
  })
}

interface World {
  readonly servers: readonly LyingServer[]
  readonly endpoints: readonly Endpoint[]
  readonly services: ReturnType<typeof testServices>
  readonly port: number
}

/** A gateway in front of two servers of the same files, `a` first. */
async function world(t: Test, over: Partial<Cdn> = {}, policyOver: Parameters<typeof policy>[0] = {}): Promise<World> {
  const servers = [await lyingServer(t, FILES), await lyingServer(t, FILES)]
  const endpoints = servers.map(({ url }, index) =>
    endpoint(url, { cdn: cdn('ab'[index]!, { trust: false, ...over }) }),
  )
  const quick = { perTryTimeout: 250, timeout: 600, bodyIdleTimeout: 250, budgetPercent: 100, budgetPerSecond: 1000 }
  const manifest = { source: { file: '/none' }, publicKey: publicKeyOf(privateKey), grace: 86_400_000 }
  const proved = site({
    endpoints,
    policy: policy({ fallback: 'none', ...policyOver }, quick),
    route: { proves: true, unfit: [null, null] },
  })
  const services = testServices(t, { sites: [{ ...proved, manifest }] })
  services.manifests.put(signed(FILES), null, 0)
  const { port } = await front(t, services)
  return { servers, endpoints, services, port }
}

/** Who is silent costs a time-out each. */
function filesFor(lie: string) {
  return lie.startsWith('stall') ? [...FILES].filter(([path]) => path === '/above.bin') : FILES
}

const CORRUPT: readonly Lie[] = ['flip-first', 'flip-middle', 'flip-last', 'swap', 'other-file', 'zeros']

t.test('whatever the first says, the client gets the true bytes from the second, and no others', async (t) => {
  const { servers, endpoints, services, port } = await world(t)
  for (const lie of [...LIES, ...ODDITIES]) {
    for (const [path, truth] of filesFor(lie)) {
      services.board.retain([])
      services.board.retain(endpoints)
      servers[0]!.lie = lie
      const { end, status, headers, bytes } = await seen(port, path)
      const what = `${lie} ${path}`
      t.equal(`${end} ${status}`, 'whole 200', what)
      t.ok(bytes.equals(truth), `${what}: ${bytes.length} of ${truth.length} bytes`)
      t.equal(headers['content-type'], 'application/x-true', `${what}: the type is the manifest's`)
      t.equal(headers.etag, `"${sha256(truth).toString('base64url')}"`, what)
      if (CORRUPT.includes(lie as Lie)) {
        const standing = services.board.standing(endpoints[0]!, services.current().snapshot.policies[0]!)
        t.equal(standing, 'corrupt', `${what}: ejected at once`)
      }
    }
  }
})

t.test('where both lie no wrong byte comes, and no answer that looks complete', async (t) => {
  const { servers, endpoints, services, port } = await world(t)
  for (const lie of LIES) {
    for (const [path, truth] of filesFor(lie)) {
      services.board.retain([])
      services.board.retain(endpoints)
      for (const server of servers) server.lie = lie
      const { end, status, bytes } = await seen(port, path)
      const what = `${lie} ${path}: ${end} ${status}`
      if (end === 'whole' && status === 200) {
        // What follows the last piece is never read: then nothing of what came was a lie.
        t.ok(bytes.equals(truth), what)
        continue
      }
      if (status === 200) t.ok(bytes.equals(truth.subarray(0, bytes.length)), `${what}: what came before is true`)
      else t.ok(status >= 502 && status <= 504, what)
    }
  }
})

t.test('ranges, conditions and HEAD are answered out of what is proved', async (t) => {
  const { servers, port } = await world(t)
  const truth = FILES.get('/large.bin')!
  const etag = `"${sha256(truth).toString('base64url')}"`
  for (const [first, last] of [
    [0, 0],
    [0, PIECE],
    [PIECE - 1, PIECE],
    [300_000, 900_000],
    [truth.length - 1, truth.length - 1],
  ]) {
    const { status, headers, bytes } = await seen(port, '/large.bin', { range: `bytes=${first}-${last}` })
    t.equal(status, 206)
    t.equal(headers['content-range'], `bytes ${first}-${last}/${truth.length}`)
    t.ok(bytes.equals(truth.subarray(first, last! + 1)), `${first}-${last}`)
  }
  t.match(servers[0]!.requests.at(-1), /bytes=1310720-1310796$/, 'widened to the edges of pieces')
  const suffix = await seen(port, '/large.bin', { range: 'bytes=-10' })
  t.ok(suffix.bytes.equals(truth.subarray(-10)))
  t.equal((await seen(port, '/large.bin', { range: `bytes=${truth.length}-` })).status, 416)
  t.equal((await seen(port, '/large.bin', { 'if-none-match': etag })).status, 304)
  t.equal((await seen(port, '/large.bin', { 'if-match': '"other"' })).status, 412)
  const changed = await seen(port, '/large.bin', { range: 'bytes=0-1', 'if-range': '"other"' })
  t.equal(`${changed.status} ${changed.bytes.length}`, `200 ${truth.length}`)
  const head = await seen(port, '/large.bin', {}, 'HEAD')
  t.equal(`${head.status} ${head.headers['content-length']} ${head.headers.etag}`, `200 ${truth.length} ${etag}`)
})

t.test('one answer outlives a body that is cut, and one that turns false', async (t) => {
  const { servers, services, port } = await world(t)
  const truth = FILES.get('/large.bin')!
  for (const lie of ['cut-reset', 'flip-last', 'stall-in-body'] as const) {
    servers[0]!.lie = lie
    const { end, status, bytes } = await seen(port, '/large.bin')
    t.equal(`${end} ${status}`, 'whole 200', lie)
    t.ok(bytes.equals(truth), lie)
    services.board.retain([])
    services.board.retain(services.current().snapshot.endpoints)
  }
  t.match(servers[1]!.requests[0], /^GET \/large\.bin bytes=\d{6,}-/, 'the rest alone is asked for')
})

t.test('a CDN that is trusted and matches no manifest is passed by, and not ejected', async (t) => {
  const { servers, endpoints, services, port } = await world(t, { trust: true })
  servers[0]!.lie = 'flip-first'
  const { bytes } = await seen(port, '/even.bin')
  t.ok(bytes.equals(FILES.get('/even.bin')!))
  t.equal(services.board.standing(endpoints[0]!, services.current().snapshot.policies[0]!), 'healthy')
  const [line] = await services.ended(1)
  t.match(JSON.stringify(line), /content_mismatch/)
})

t.test('verify: off believes who is trusted, and what no manifest names is not served by others', async (t) => {
  const trusting = await world(t, { trust: true }, { verify: 'off' })
  trusting.servers[0]!.lie = 'wrong-type'
  t.equal((await seen(trusting.port, '/even.bin')).headers['content-type'], 'text/x-evil')
  const strict = await world(t)
  t.equal((await seen(strict.port, '/unknown.bin')).status, 503)
  t.same(strict.servers[0]!.requests, [])
  const required = await world(t, { trust: true }, { verify: 'required' })
  t.equal((await seen(required.port, '/unknown.bin')).status, 503)
})

t.test('nothing of the client goes to who is asked for bytes to prove', async (t) => {
  const { servers, port } = await world(t)
  const secret = {
    cookie: 'id=canary',
    authorization: 'Bearer canary',
    referer: 'http://canary/',
    'user-agent': 'canary',
  }
  await seen(port, '/even.bin', { ...secret, 'x-forwarded-for': '192.0.2.77', 'accept-language': 'canary' })
  const fields = servers[0]!.fields[0]!.join('\n')
  t.notMatch(fields, /canary|192\.0\.2\.77/)
  t.match(fields, /accept-encoding\nidentity/)
})

t.test('a deploy: what was right before is served where nobody has the new, whole and unmixed', async (t) => {
  const { servers, services, port, endpoints } = await world(t)
  const before = signed(FILES)
  const newer = new Map(FILES).set('/large.bin', randomBytes(5 * PIECE + 100)).set('/even.bin', randomBytes(PIECE))
  services.manifests.put(signed(newer, 2), before, Date.now() + 60_000)
  for (const path of ['/large.bin', '/even.bin']) {
    const old = await seen(port, path)
    t.equal(`${old.end} ${old.status}`, 'whole 200', path)
    t.ok(old.bytes.equals(FILES.get(path)!), `${path}: wholly old`)
    t.equal(old.headers.etag, `"${sha256(FILES.get(path)!).toString('base64url')}"`)
    servers[1]!.files = newer
    const fresh = await seen(port, path)
    t.ok(fresh.bytes.equals(newer.get(path)!), `${path}: wholly new, where somebody has it`)
    servers[1]!.files = FILES
  }
  const [policy] = services.current().snapshot.policies
  for (const each of endpoints) t.equal(services.board.standing(each, policy!), 'healthy', 'nobody is ejected for it')
})
