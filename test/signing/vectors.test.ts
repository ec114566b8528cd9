import { createHash } from 'node:crypto'
import t from 'tap'
import { parseAddress } from '../../src/geo/address.ts'
import { createAkamaiSigner } from '../../src/signing/akamai.ts'
import { type BunnyOptions, createBunnySigner } from '../../src/signing/bunny.ts'
import { createFastlySigner } from '../../src/signing/fastly.ts'
import { createGoogleSigner } from '../../src/signing/google.ts'
import type { Link } from '../../src/signing/signer.ts'

/** What each network publishes itself: a link for inputs, to the letter. */
const TTL = 3_600_000

function link(url: string, expires: number, over: Partial<Link> = {}): Link {
  const { origin, pathname, search } = new URL(url)
  return { origin, path: pathname, query: search.slice(1), expires, from: expires - 3600, client: null, ...over }
}

// GoogleCloudPlatform/python-docs-samples, cdn/snippets_test.py
const GOOGLE: readonly (readonly [url: string, signed: string])[] = [
  ['http://35.186.234.33/index.html', '?Expires=1549751401&KeyName=my-key&Signature=CRFqQnVfFyiUyR63OQf-HRUpIwc='],
  ['http://www.example.com/', '?Expires=1549751401&KeyName=my-key&Signature=OqDUFfHpN5Vxga6r80bhsgxKves='],
  [
    'http://www.example.com/some/path?some=query&another=param',
    '&Expires=1549751401&KeyName=my-key&Signature=9Q9TCxSju8-W5nUkk5CuTrun2_o=',
  ],
]

t.test('google: the links of the documentation', async (t) => {
  const key = Buffer.from('nZtRohdNF9m3cKM24IcK4w==', 'base64')
  const signer = createGoogleSigner({ ttl: TTL, keyName: 'my-key', key, scope: 'url' })
  for (const [url, signed] of GOOGLE) t.equal(signer.sign(link(url, 1549751401)), url + signed)
})

const FOUR = parseAddress('1.2.3.4')
const SIX = parseAddress('2001:0db8:85a3:0000:0000:8a2e:0370:7334')

// BunnyWay/BunnyCDN.TokenAuthentication, e2e/vectors.json
const BUNNY: readonly (readonly [path: string, client: Link['client'], signed: string])[] = [
  ['/300kb.jpg', null, '/300kb.jpg?token=HS256-o10JRWlsAItyAsdKS6jJKjabHN4FrFsplDHPV1idcX4&expires=1598024587'],
  ['/300kb.jpg', FOUR, '/300kb.jpg?token=HS256-1-L2rISTLcujMY9UFf2tbZ41d5i-Bme1g1oTK_Z2QMLJk&expires=1598024587'],
  ['/300kb.jpg', SIX, '/300kb.jpg?token=HS256-1-Z1BaGdhTZdU4iANcyKpurFR2VgCNdqC6hlBv5x_TyaI&expires=1598024587'],
  [
    '/300kb.jpg?a=b',
    null,
    '/300kb.jpg?a=b&token=HS256-1lwWBD_c1IAGSj1UKPoxreu8ePDQ-Z9FoWLcRn_RRH0&token_ignore_params=true&expires=1598024587',
  ],
  [
    '/300kb.jpg?a=b',
    FOUR,
    '/300kb.jpg?a=b&token=HS256-1-rWalmQRJ-A_qrb08-JoeU3b-gOS5mJiJjPOfDWa0gsQ&token_ignore_params=true&expires=1598024587',
  ],
]

const BUNNY_OPTIONS: BunnyOptions = { ttl: TTL, key: 'SecurityKey', hash: 'hmac-sha256', scope: 'url', bindIp: true }

t.test('bunny: the links of its own signers', async (t) => {
  const signer = createBunnySigner(BUNNY_OPTIONS)
  const host = 'https://token-tester.b-cdn.net'
  for (const [path, client, signed] of BUNNY) {
    t.equal(signer.sign(link(host + path, 1598024587, { client })), host + signed)
  }
})

t.test('bunny: for a folder, the token stands in the path', async (t) => {
  const signer = createBunnySigner({ ...BUNNY_OPTIONS, scope: 'directory' })
  const host = 'https://token-tester.b-cdn.net'
  t.equal(
    signer.sign(link(`${host}/abc/300kb.jpg`, 1598024587)),
    `${host}/bcdn_token=HS256-IAfBLCYUODTlYvcX79PRxp3Wu5tNMexg1V4_XY8bgjs&token_path=%2Fabc%2F&expires=1598024587/abc/300kb.jpg`,
  )
  t.equal(
    signer.sign(link(`${host}/abc/300kb.jpg?a=b`, 1598024587, { client: FOUR })),
    `${host}/bcdn_token=HS256-1-NICenmnyrMAzEQBVgnuLSNrCQywS3P2D6SQENnet5vc&token_ignore_params=true&token_path=%2Fabc%2F&expires=1598024587/abc/300kb.jpg?a=b`,
  )
})

t.test('bunny: the older token is the hash of the path as it reads', async (t) => {
  const signer = createBunnySigner({ ...BUNNY_OPTIONS, hash: 'sha256', bindIp: false })
  const signed = signer.sign(link('https://b-cdn.example/a%20b.jpg', 1598024587))
  const token = createHash('sha256').update('SecurityKey/a b.jpg1598024587').digest('base64url')
  t.equal(signed, `https://b-cdn.example/a%20b.jpg?token=${token}&expires=1598024587`)
  t.match(signer.sign(link('https://b-cdn.example/%ff', 1598024587)), /%ff\?token=/, 'what is no UTF-8 stays as it is')
})

t.test('fastly: the token of its guide', async (t) => {
  // fastly/token-functions shows how, without an expected value; this one is of its own Python code.
  const key = Buffer.from('iqFPeN2u+Z0Lm5IrsKaOFKRqEU5Gw8ePtaEkHZWuD24=', 'base64')
  const signer = createFastlySigner({ ttl: TTL, key, parameter: 'token', covers: 'path' })
  const signed = signer.sign(link('https://www.example.com/foo/bar.html', 1441307151))
  t.equal(signed, 'https://www.example.com/foo/bar.html?token=1441307151_2bfc5de65ab7c7faffde2b29ac82d4f5177f16d7')
  const whole = createFastlySigner({ ttl: TTL, key, parameter: 'token', covers: 'url' })
  t.equal(
    whole.sign(link('https://www.example.com/foo/bar.html?a=b', 1441307151)),
    'https://www.example.com/foo/bar.html?a=b&token=1441307151_45027675f5e6fa7f137cca77686060528edf529d',
  )
})

type AkamaiCase = readonly [
  over: Partial<Parameters<typeof createAkamaiSigner>[0]>,
  path: string,
  client: Link['client'],
  expected: string,
]

// What akamai/EdgeAuth-Token-Node makes of the same options.
const AKAMAI: readonly AkamaiCase[] = [
  [
    {},
    '/akamai/edgeauth',
    null,
    'exp=1500000600~hmac=fc522a4164d8717a700241cde6b5d575469c61e71d6a72bd11a0887c2d38a9d7',
  ],
  [
    { escape: true },
    '/akamai/edgeauth',
    null,
    'exp=1500000600~hmac=3a3047d6355f223dc76b3681f2145efc4e8421a39ed83dc1deb2fa047bd576cd',
  ],
  [
    { escape: true, salt: 'pepper', start: true },
    "/a%20b/c'd.m3u8",
    FOUR,
    'ip=1.2.3.4~st=1500000000~exp=1500000600~hmac=c48ba5121fc752fc459135a9d6833d4ff083ab437f413423d28c0fd5948327c2',
  ],
  [
    { escape: true, start: true },
    '/a',
    parseAddress('2001:db8::1'),
    'ip=2001%3adb8%3a%3a1~st=1500000000~exp=1500000600~hmac=fd6812decbee420376572f818c0146e299f963467d061736f7fd587622a60aac',
  ],
  [
    { scope: 'directory' },
    '/akamai/a.m3u8',
    null,
    'exp=1500000600~acl=/akamai/*~hmac=8c5276fdf234530d89293d26de9d6b4db3b5c8077f29dbbf6239ff3923470058',
  ],
  [
    { algorithm: 'sha1', salt: 'pepper', start: true, acl: ['/a/*', '/b/*'] },
    '/a/b',
    null,
    'st=1500000000~exp=1500000600~acl=/a/*!/b/*~hmac=1563784826cba92b8e4cb359e07118e1f85067d3',
  ],
]

t.test('akamai: a token of its own library', async (t) => {
  const options = { ttl: TTL, key: Buffer.from('aabbccddeeff00112233445566778899', 'hex'), parameter: '__token__' }
  const plain = { ...options, algorithm: 'sha256' as const, salt: null, acl: [], start: false, bindIp: false }
  for (const [over, path, client, expected] of AKAMAI) {
    const signer = createAkamaiSigner({ ...plain, escape: false, scope: 'url', ...over })
    const signed = signer.sign(link(`https://edge.example${path}`, 1_500_000_600, { from: 1_500_000_000, client }))
    t.equal(signed, `https://edge.example${path}?__token__=${expected}`)
  }
})
