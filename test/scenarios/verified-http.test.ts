import { randomBytes } from 'node:crypto'
import t from 'tap'
import { seen } from '../helpers/seen.ts'
import { lieMatrix } from './lie-matrix.ts'
import { FILES, manifestGround, manifestLiars, PIECE, sha256, signed } from './manifest-ground.ts'

t.test('whatever the first says, the client gets the true bytes from the second, and no others', async (t) => {
  const { answers, wrong } = await lieMatrix(await manifestLiars(t), { liars: 1, every: 2 })
  t.same(wrong, [])
  t.ok(answers > 50, `${answers} answers`)
})

t.test('where both lie no wrong byte comes, and no answer that looks complete', async (t) => {
  const { answers, refused, wrong } = await lieMatrix(await manifestLiars(t), { liars: 2, every: 3 })
  t.same(wrong, [])
  t.ok(refused > answers / 2, `${refused} of ${answers} are failures that a client sees`)
})

t.test('ranges, conditions and HEAD are answered out of what is proved', async (t) => {
  const { servers, port } = await manifestGround(t)
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
  const { servers, services, port } = await manifestGround(t)
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
  const { servers, endpoints, services, port } = await manifestGround(t, { trust: true })
  servers[0]!.lie = 'flip-first'
  const { bytes } = await seen(port, '/even.bin')
  t.ok(bytes.equals(FILES.get('/even.bin')!))
  t.equal(services.board.standing(endpoints[0]!, services.current().snapshot.policies[0]!), 'healthy')
  const [line] = await services.ended(1)
  t.match(JSON.stringify(line), /content_mismatch/)
})

t.test('verify: off believes who is trusted, and what no manifest names is not served by others', async (t) => {
  const trusting = await manifestGround(t, { trust: true }, { verify: 'off' })
  trusting.servers[0]!.lie = 'wrong-type'
  t.equal((await seen(trusting.port, '/even.bin')).headers['content-type'], 'text/x-evil')
  const strict = await manifestGround(t)
  t.equal((await seen(strict.port, '/unknown.bin')).status, 503)
  t.same(strict.servers[0]!.requests, [])
  const required = await manifestGround(t, { trust: true }, { verify: 'required' })
  t.equal((await seen(required.port, '/unknown.bin')).status, 503)
})

t.test('nothing of the client goes to who is asked for bytes to prove', async (t) => {
  const { servers, port } = await manifestGround(t)
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
  const { servers, services, port, endpoints } = await manifestGround(t)
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
