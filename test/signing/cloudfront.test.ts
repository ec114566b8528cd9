import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import t from 'tap'
import { parseAddress } from '../../src/geo/address.ts'
import { type CloudfrontOptions, createCloudfrontSigner } from '../../src/signing/cloudfront.ts'
import { linkOf } from '../../src/signing/link.ts'

const NOW = 1_577_836_800_000
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const PUBLIC = createPublicKey(privateKey)
const OPTIONS: CloudfrontOptions = {
  ttl: 3_600_000,
  keyPairId: 'APKAEIBAERJR2EXAMPLE',
  privateKey: privateKey.export({ type: 'pkcs1', format: 'pem' }) as string,
  hash: 'sha1',
  scope: 'url',
  bindIp: false,
}

function signed(target: string, over: Partial<CloudfrontOptions> = {}, client: string | null = null): URL {
  const signer = createCloudfrontSigner({ ...OPTIONS, ...over })
  const origin = 'https://d111111abcdef8.cloudfront.net'
  const address = client === null ? null : parseAddress(client)
  return new URL(signer.sign(linkOf(signer, { origin, target, now: NOW, client: address })))
}

const decode = (text: string) =>
  Buffer.from(text.replaceAll('-', '+').replaceAll('_', '=').replaceAll('~', '/'), 'base64')

/** What CloudFront does: a canned policy is put together from the URL again, a custom one is read. */
function policyThatHolds(url: URL, hash = 'RSA-SHA1'): { Resource: string; Condition: object } | null {
  const { searchParams: fields } = url
  const own = url.search
    .slice(1)
    .split('&')
    .filter((field) => !/^(Expires|Policy|Signature|Key-Pair-Id|Hash-Algorithm)=/.test(field))
  const resource = `${url.origin}${url.pathname}${own.length === 0 ? '' : `?${own.join('&')}`}`
  const canned = `{"Statement":[{"Resource":"${resource}","Condition":{"DateLessThan":{"AWS:EpochTime":${fields.get('Expires')}}}}]}`
  const policy = fields.has('Policy') ? decode(fields.get('Policy')!).toString() : canned
  const holds = verify(hash, Buffer.from(policy), PUBLIC, decode(fields.get('Signature')!))
  return holds ? JSON.parse(policy).Statement[0] : null
}

t.test('a canned policy is enough for a URL', async (t) => {
  for (const target of ['/private-content/private.jpeg', '/a%20b/%C3%BC.jpg?size=large&x=%26', '/', "/a'b?c='d'"]) {
    const url = signed(target)
    t.equal(url.searchParams.get('Key-Pair-Id'), 'APKAEIBAERJR2EXAMPLE')
    t.notOk(url.searchParams.has('Policy'))
    t.ok(policyThatHolds(url), target)
  }
})

t.test('a custom policy names the folder, the address, or both', async (t) => {
  const folder = policyThatHolds(signed('/hls/1/list.m3u8?a=b', { scope: 'directory' }))
  t.equal(folder?.Resource, 'https://d111111abcdef8.cloudfront.net/hls/1/*')
  const bound = policyThatHolds(signed('/a?b=c', { bindIp: true }, '192.0.2.7'))
  t.same(bound, {
    Resource: 'https://d111111abcdef8.cloudfront.net/a?b=c',
    Condition: { DateLessThan: { 'AWS:EpochTime': 1577840760 }, IpAddress: { 'AWS:SourceIp': '192.0.2.7/32' } },
  })
})

t.test('SHA-256 is said in the URL', async (t) => {
  const url = signed('/a', { hash: 'sha256' })
  t.equal(url.searchParams.get('Hash-Algorithm'), 'SHA256')
  t.ok(policyThatHolds(url, 'RSA-SHA256'))
})

t.test('no path and no query of a client becomes a wildcard or a part of the policy', async (t) => {
  for (const scope of ['url', 'directory'] as const) {
    for (const target of ['/*', '/a*/b?*', '/a?b?c?d', '/"}]}/x', '/a?x="},{"Resource":"*"}']) {
      const url = signed(target, { scope })
      const { Resource: resource } = policyThatHolds(url)!
      const own = scope === 'directory' ? resource.slice(0, -1) : resource.replace('?', '')
      t.notMatch(own, /[*?"]/, target)
    }
  }
})

t.test('links of one slot are equal, and cost one signature', async (t) => {
  const signer = createCloudfrontSigner(OPTIONS)
  const at = (now: number) =>
    signer.sign(linkOf(signer, { origin: 'https://e.example', target: '/a', now, client: null }))
  t.equal(at(NOW), at(NOW + signer.slot - 1))
  t.not(at(NOW), at(NOW + signer.slot))
})
