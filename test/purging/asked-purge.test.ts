import t from 'tap'
import { Purges } from '../../src/cache/purges.ts'
import type { QueryKey } from '../../src/cache/rules/key.ts'
import type { Site } from '../../src/config/snapshot.ts'
import { PolycdnError } from '../../src/errors.ts'
import { type AskedPurge, localPurges, parseAskedPurge } from '../../src/purging/asked-purge.ts'
import { indexSites } from '../../src/steering/match.ts'

const site = (name: string, hosts: readonly string[]) => ({ name, hosts }) as unknown as Site
const SITES = [site('www', ['www.example.com', '*.cdn.example.com']), site('other', ['other.example.com'])]
const ALL: QueryKey = { take: 'all', names: new Set(), sort: false }
const ONLY: QueryKey = { take: 'only', names: new Set(['v']), sort: false }

const parse = (body: unknown, keys: readonly QueryKey[] = [ALL]) =>
  parseAskedPurge(body, { sites: SITES, findSite: indexSites(SITES), queryKeys: () => keys })

const targetsOf = (body: object, keys?: readonly QueryKey[]) =>
  localPurges(parse({ site: 'www', ...body }, keys) as AskedPurge, 5).map(({ target }) =>
    'value' in target ? `${target.kind} ${target.value}` : target.kind,
  )

t.test('URLs are normalised as those of requests are, in both schemes', (t) => {
  t.same(targetsOf({ urls: ['HTTPS://WWW.Example.com.:443/a/../b?x=1'] }), [
    'url https://www.example.com/b?x=1',
    'url http://www.example.com/b?x=1',
  ])
  t.same(
    targetsOf({ urls: ['https://www.example.com/%7ea%2fb'] }),
    ['/%7ea%2fb', '/~a%2Fb']
      .map((path) => `url https://www.example.com${path}`)
      .concat(['/%7ea%2fb', '/~a%2Fb'].map((path) => `url http://www.example.com${path}`)),
    'in the spelling that was asked for, and in the one spelling',
  )
  t.same(
    targetsOf({ urls: ['http://www.example.com:08443/'] }),
    ['url https://www.example.com:8443/', 'url http://www.example.com:8443/'],
    'a port that is not the usual one belongs to it',
  )
  t.same(targetsOf({ urls: ['https://a.b.cdn.example.com'] })[0], 'url https://a.b.cdn.example.com/')
  t.same(
    targetsOf({ urls: ['https://www.example.com/a?u=1&v=2'] }, [ALL, ONLY]).filter((one) => one.includes('https')),
    ['url https://www.example.com/a?u=1&v=2', 'url https://www.example.com/a?v=2'],
    'as the keys have it',
  )
  t.same(targetsOf({ prefixes: ['http://www.example.com/img'], tags: ['x', 'x'], all: true }), [
    'site',
    'prefix https://www.example.com/img',
    'prefix http://www.example.com/img',
    'tag x',
  ])
  t.end()
})

t.test('what is purged is what was stored', (t) => {
  const purges = new Purges()
  purges.addAll(
    localPurges(parse({ site: 'www', prefixes: ['https://www.example.com/a/'], soft: true }) as AskedPurge, 5),
  )
  const head = (url: string, confirmedAt: number) => ({ site: 'www', key: 'k', url, tags: [], confirmedAt }) as never
  t.same(purges.check(head('http://www.example.com/a/b', 5)), { staleSince: 5 })
  t.equal(purges.check(head('https://www.example.com/ab', 5)), 'no')
  t.equal(purges.check(head('https://www.example.com/a/b', 6)), 'no')
  t.end()
})

t.test('what makes no sense is told with its place and a code', (t) => {
  const url = 'https://www.example.com/'
  const cases: readonly (readonly [unknown, string, string])[] = [
    [null, 'bad_request', 'expected a JSON object'],
    [[], 'bad_request', 'expected a JSON object'],
    [{}, 'bad_request', 'site: the name of a site is needed'],
    [{ site: 'nobody', all: true }, 'site_not_here', 'site: no site is named "nobody"'],
    [{ site: 'www' }, 'bad_request', 'nothing to purge: urls, prefixes, tags or all is needed'],
    [
      { site: 'www', url: [url] },
      'bad_request',
      'url: unknown key; known are site, urls, prefixes, tags, all, soft, wait',
    ],
    [{ site: 'www', urls: url }, 'bad_request', 'urls: expected a list'],
    [{ site: 'www', urls: [url, 7] }, 'bad_request', 'urls[1]: expected a text'],
    [{ site: 'www', urls: Array(1001).fill(url) }, 'bad_request', 'urls: at most 1000, got 1001'],
    [{ site: 'www', urls: ['/a'] }, 'bad_request', 'urls[0]: expected a URL such as https://www.example.com/a'],
    [{ site: 'www', urls: ['ftp://www.example.com/a'] }, 'bad_target', 'urls[0]: the request target is malformed'],
    [{ site: 'www', urls: [`${url}#a`] }, 'bad_target', 'urls[0]: the request target contains a forbidden character'],
    [
      { site: 'www', urls: [`${url}%zz`] },
      'bad_target',
      'urls[0]: the path contains what upstreams read in different ways',
    ],
    [
      { site: 'www', urls: [`${url}\r\nx: y`] },
      'bad_target',
      'urls[0]: the request target contains a forbidden character',
    ],
    [{ site: 'www', urls: [url + 'a'.repeat(8192)] }, 'bad_request', 'urls[0]: longer than 8192 characters'],
    [{ site: 'www', urls: ['https://u:p@www.example.com/'] }, 'bad_host', 'urls[0]: the Host is malformed'],
    [
      { site: 'www', urls: [url, 'https://other.example.com/'] },
      'host_elsewhere',
      'urls[1]: other.example.com is no host of the site "www"',
    ],
    [{ site: 'www', prefixes: [`${url}a?b=`] }, 'bad_request', 'prefixes[0]: a prefix has no query'],
    [{ site: 'www', prefixes: [`${url}a/..`] }, 'bad_request', 'prefixes[0]: a prefix does not end with a dot segment'],
    [
      { site: 'www', prefixes: [`${url}a/%2E`] },
      'bad_request',
      'prefixes[0]: a prefix does not end with a dot segment',
    ],
    [
      { site: 'www', tags: ['a,b'] },
      'bad_request',
      'tags[0]: expected a tag of 1 to 256 visible ASCII characters without commas',
    ],
    [{ site: 'www', all: 'yes' }, 'bad_request', 'all: expected true or false'],
    [{ site: 'www', all: true, wait: 121 }, 'bad_request', 'wait: expected seconds from 0 to 120'],
    [{ site: 'www', all: true, wait: null }, 'bad_request', 'wait: expected seconds from 0 to 120'],
  ]
  for (const [body, code, message] of cases) {
    const got = parse(body)
    t.ok(got instanceof PolycdnError, message)
    t.match(got, { code, message })
  }
  t.end()
})
