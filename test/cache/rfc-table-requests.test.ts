import { bypassOf } from '../../src/cache/rules/bypass.ts'
import { type CacheOutcome, cacheStatus } from '../../src/cache/rules/cache-status.ts'
import { listedTags, matchStrongly, matchWeakly } from '../../src/cache/rules/entity-tag.ts'
import { cacheKey, DEFAULT_KEY, type KeySettings, keyedQuery, type QueryKey } from '../../src/cache/rules/key.ts'
import { normalise } from '../../src/cache/rules/normalise.ts'
import { type Evaluated, evaluate, isForOrigin } from '../../src/cache/rules/preconditions.ts'
import { rangesOf } from '../../src/cache/rules/ranges.ts'
import { secondaryKey, selectVariant, type Variant, varyNames } from '../../src/cache/rules/vary.ts'
import { date, fields, NOW, RULES, table } from './support/table.ts'

table<[one: string, other: string], string>(
  'entity tags',
  [
    ['9110-8.8.3.2', 'W/"1" and W/"1"', ['W/"1"', 'W/"1"'], 'weak'],
    ['9110-8.8.3.2', 'W/"1" and W/"2"', ['W/"1"', 'W/"2"'], 'none'],
    ['9110-8.8.3.2', 'W/"1" and "1"', ['W/"1"', '"1"'], 'weak'],
    ['9110-8.8.3.2', '"1" and "1"', ['"1"', '"1"'], 'strong weak'],
    ['9110-8.8.3', 'no quotes', ['1', '1'], 'none'],
    ['9110-8.8.3', 'a small w', ['w/"1"', 'w/"1"'], 'none'],
    ['9110-8.8.3', 'letters beyond ASCII', ['"\xfc"', '"\xfc"'], 'strong weak'],
  ],
  ([one, other]) =>
    [matchStrongly(one, other) ? 'strong' : '', matchWeakly(one, other) ? 'weak' : ''].filter(Boolean).join(' ') ||
    'none',
)

table<string, string[]>(
  'lists of entity tags',
  [
    ['9110-13.1.2', 'several', '"a", W/"b","c"', ['"a"', 'W/"b"', '"c"']],
    ['9110-8.8.3', 'a comma in one', '"a,b", "c"', ['"a,b"', '"c"']],
    ['9110-8.8.3', 'what is none', 'a, "b"', ['"b"']],
  ],
  listedTags,
)

const KNOWN = { etag: '"a"', lastModified: NOW - 100_000 }
const EARLIER = date(-200)
const LATER = date(-50)
table<[request: string, method?: string, etag?: string | null], Evaluated>(
  'conditions',
  [
    ['9110-13.2.2', 'none', [''], 'proceed'],
    ['9110-13.1.1', 'If-Match: true', ['If-Match: "b", "a"'], 'proceed'],
    ['9110-13.1.1', 'If-Match: false', ['If-Match: "b"'], 412],
    ['9110-13.1.1', 'If-Match: * and something is there', ['If-Match: *'], 'proceed'],
    ['9110-13.1.1', 'compared strongly', ['If-Match: W/"a"', 'GET', 'W/"a"'], 412],
    ['9110-13.1.1', 'no tag to compare with', ['If-Match: "a"', 'GET', null], 412],
    ['9110-13.1.4', 'If-Unmodified-Since: true', [`If-Unmodified-Since: ${LATER}`], 'proceed'],
    ['9110-13.1.4', 'If-Unmodified-Since: false', [`If-Unmodified-Since: ${EARLIER}`], 412],
    ['9110-13.1.4', 'no date', ['If-Unmodified-Since: x'], 'proceed'],
    [
      '9110-13.2.2',
      'If-Match goes before If-Unmodified-Since',
      [`If-Match: "a" | If-Unmodified-Since: ${EARLIER}`],
      'proceed',
    ],
    ['9110-13.1.2', 'If-None-Match: false', ['If-None-Match: "a"'], 304],
    ['9110-13.1.2', 'HEAD', ['If-None-Match: "a"', 'HEAD'], 304],
    ['9110-13.1.2', 'PUT', ['If-None-Match: "a"', 'PUT'], 412],
    ['9110-13.1.2', 'If-None-Match: true', ['If-None-Match: "b"'], 'proceed'],
    ['9110-13.1.2', 'the first of several', ['If-None-Match: "a", "1", "2"'], 304],
    ['9110-13.1.2', 'the middle one', ['If-None-Match: "1", "a", "2"'], 304],
    ['9110-13.1.2', 'the last one', ['If-None-Match: "1", "2", "a"'], 304],
    ['9110-13.1.2', 'in another line', ['If-None-Match: "1" | If-None-Match: "a"'], 304],
    ['9110-13.1.2', 'compared weakly', ['If-None-Match: W/"a"'], 304],
    ['9110-13.1.2', 'with a weak one', ['If-None-Match: "a"', 'GET', 'W/"a"'], 304],
    ['9110-13.1.2', '*', ['If-None-Match: *'], 304],
    ['9110-13.1.2', '* for PUT', ['If-None-Match: *', 'PUT'], 412],
    ['9110-13.1.2', 'without quotes it matches nothing', ['If-None-Match: a'], 'proceed'],
    ['9110-13.1.3', 'If-Modified-Since: false', [`If-Modified-Since: ${LATER}`], 304],
    ['9110-13.1.3', 'the very date', [`If-Modified-Since: ${date(-100)}`], 304],
    ['9110-13.1.3', 'If-Modified-Since: true', [`If-Modified-Since: ${EARLIER}`], 'proceed'],
    ['9110-13.1.3', 'in the form of RFC 850', ['If-Modified-Since: Friday, 01-Jan-27 00:00:00 GMT'], 304],
    ['9110-13.1.3', 'no date', ['If-Modified-Since: x'], 'proceed'],
    ['9110-13.1.3', 'two dates', [`If-Modified-Since: ${LATER} | If-Modified-Since: ${LATER}`], 'proceed'],
    ['9110-13.1.3', 'for GET and HEAD only', [`If-Modified-Since: ${LATER}`, 'POST'], 'proceed'],
    [
      '9110-13.1.3',
      'not beside If-None-Match: it matches',
      [`If-None-Match: "a" | If-Modified-Since: ${EARLIER}`],
      304,
    ],
    [
      '9110-13.1.3',
      'not beside If-None-Match: it does not',
      [`If-None-Match: "b" | If-Modified-Since: ${LATER}`],
      'proceed',
    ],
    ['9110-13.2.2', 'If-Match is evaluated first', ['If-Match: "b" | If-None-Match: "a"'], 412],
    ['9110-13.2.2', 'then If-None-Match', ['If-Match: "a" | If-None-Match: "a"'], 304],
  ],
  ([request, method = 'GET', etag = KNOWN.etag]) => evaluate(method, fields(request), { ...KNOWN, etag }, NOW),
)

table<string, boolean>(
  'conditions that a cache leaves to the origin',
  [
    ['9111-4.3.2', 'If-Match', 'If-Match: "a"', true],
    ['9111-4.3.2', 'If-Unmodified-Since', `If-Unmodified-Since: ${LATER}`, true],
    ['9111-4.3.2', 'If-None-Match', 'If-None-Match: "a"', false],
  ],
  (request) => isForOrigin(fields(request)),
)

const MODIFIED = date(-100)
table<
  [range: string, more?: { size?: number; method?: string; ifRange?: string; etag?: string; weakDate?: true }],
  string
>(
  'ranges',
  [
    ['9110-14.1.2', 'from and to', ['bytes=0-1'], '0-1'],
    ['9110-14.1.2', 'to the end', ['bytes=1-'], '1-9'],
    ['9110-14.1.2', 'the last ones', ['bytes=-1'], '9-9'],
    ['9110-14.1.2', 'the last ones, more than there are', ['bytes=-99'], '0-9'],
    ['9110-14.1.2', 'beyond the end', ['bytes=5-99'], '5-9'],
    ['9110-14.1.2', 'one byte', ['bytes=0-0'], '0-0'],
    ['9110-14.1', 'the unit in any case', ['Bytes=0-1'], '0-1'],
    ['9110-14.2', 'another unit', ['items=0-1'], 'whole'],
    ['9110-14.1.1', 'the first after the last', ['bytes=5-2'], 'whole'],
    ['9110-14.1.1', 'no number', ['bytes=a-b'], 'whole'],
    ['9110-14.1.1', 'blanks', ['bytes= 0-1'], '0-1'],
    ['9110-14.1.1', 'blanks in it', ['bytes=0 - 1'], 'whole'],
    ['9110-14.1.1', 'nothing', ['bytes='], 'whole'],
    ['9110-14.1.1', 'only a dash', ['bytes=-'], 'whole'],
    ['9110-14.1.1', 'more digits than a number has', [`bytes=${'9'.repeat(20)}-`], 'whole'],
    ['9110-14.1.1', 'one bad one spoils all', ['bytes=0-1, x'], 'whole'],
    ['9110-14.2', 'not for HEAD', ['bytes=0-1', { method: 'HEAD' }], 'whole'],
    ['9110-14.2', 'not for POST', ['bytes=0-1', { method: 'POST' }], 'whole'],
    ['9110-15.5.17', 'behind the end', ['bytes=10-'], 'unsatisfiable'],
    ['9110-14.1.2', 'the last 0 bytes', ['bytes=-0'], 'unsatisfiable'],
    ['9110-15.5.17', 'of nothing', ['bytes=0-', { size: 0 }], 'unsatisfiable'],
    ['9110-15.5.17', 'one of two is there', ['bytes=0-1, 20-30'], '0-1'],
    ['9110-15.3.7.2', 'two', ['bytes=0-1, 500-501', { size: 999 }], '0-1 500-501'],
    ['9110-15.3.7.2', 'in the order asked for', ['bytes=500-501, 0-1', { size: 999 }], '500-501 0-1'],
    ['9110-15.3.7.2', 'two that overlap are one', ['bytes=0-100, 50-150', { size: 999 }], '0-150'],
    ['9110-15.3.7.2', 'two that nearly meet are one', ['bytes=0-1, 50-51', { size: 999 }], '0-51'],
    [
      '9110-14.2',
      'too many',
      [`bytes=${Array.from({ length: 17 }, (_, at) => `${at * 200}-${at * 200}`).join()}`, { size: 9999 }],
      'whole',
    ],
    ['9110-14.2', 'many that overlap', ['bytes=0-,0-,0-,0-'], 'whole'],
    ['9110-13.1.5', 'If-Range: the tag', ['bytes=0-1', { ifRange: '"a"' }], '0-1'],
    ['9110-13.1.5', 'another tag', ['bytes=0-1', { ifRange: '"b"' }], 'whole'],
    ['9110-13.1.5', 'a weak tag', ['bytes=0-1', { ifRange: 'W/"a"', etag: 'W/"a"' }], 'whole'],
    ['9110-13.1.5', 'the date', ['bytes=0-1', { ifRange: MODIFIED }], '0-1'],
    ['9110-13.1.5', 'a date that is not strong', ['bytes=0-1', { ifRange: MODIFIED, weakDate: true }], 'whole'],
    ['9110-13.1.5', 'a later date', ['bytes=0-1', { ifRange: LATER }], 'whole'],
    ['9110-13.1.5', 'false: not even unsatisfiable', ['bytes=99-', { ifRange: '"b"' }], 'whole'],
  ],
  ([range, { size = 10, method = 'GET', ifRange, etag = '"a"', weakDate } = {}]) => {
    const request = ['range', range, ...(ifRange === undefined ? [] : ['if-range', ifRange])]
    const validators = { etag, lastModified: MODIFIED, isDateStrong: weakDate === undefined }
    const wanted = rangesOf(method, request, validators, size)
    return wanted.kind === 'parts' ? wanted.parts.map(({ first, last }) => `${first}-${last}`).join(' ') : wanted.kind
  },
)

table<[name: string, value: string], string>(
  'one text for values that mean the same',
  [
    ['9111-4.1', 'blanks at commas', ['foo', '1,  2 ,3'], '1,2,3'],
    ['9111-4.1', 'not in quoted strings', ['foo', '"1, 2"'], '"1, 2"'],
    ['9111-4.1', 'the order of unknown lists counts', ['foo', '2,1'], '2,1'],
    ['9111-4.1', 'their case counts', ['foo', 'A'], 'A'],
    ['9111-4.1', 'a comma in what is no list', ['user-agent', 'a (b,  c)'], 'a (b,  c)'],
    ['9110-12.5.3', 'codings that are asked for', ['accept-encoding', 'gzip, deflate, br'], 'br,gzip'],
    ['9110-12.5.3', 'in any order and case', ['accept-encoding', 'BR,GZIP'], 'br,gzip'],
    ['9110-12.5.3', 'only one', ['accept-encoding', 'gzip'], 'gzip'],
    ['9110-12.5.3', 'one that is refused', ['accept-encoding', 'br;q=0, gzip;q=0.5'], 'gzip'],
    ['9110-12.5.3', 'none that we know', ['accept-encoding', 'deflate'], 'identity'],
    ['9110-12.5.4', 'languages in any order', ['accept-language', 'en, de'], 'de,en'],
    ['9110-12.5.4', 'in any case', ['accept-language', 'eN, De'], 'de,en'],
    ['9110-12.5.4', 'the most wanted first', ['accept-language', 'fr;q=0.5, de;q=1.0'], 'de,fr;q=0.5'],
    ['9110-12.4.2', 'refused ones do not count', ['accept-language', 'fr;q=0, de'], 'de'],
  ],
  ([name, value]) => normalise(name, value),
)

table<string, string>(
  'what an answer was chosen by',
  [
    ['9110-12.5.5', 'nothing', 'a: 1', ''],
    ['9110-12.5.5', 'names in any case and order', 'Vary: Foo, bar | Vary: FOO', 'bar foo'],
    ['9110-8.4', 'what has a coding, by Accept-Encoding', 'Content-Encoding: br | Vary: a', 'a accept-encoding'],
    ['9110-8.4', 'but not what has none', 'Content-Encoding: identity', ''],
  ],
  (text) => varyNames(fields(text)).join(' '),
)

function variant(answer: string, request: string): Variant & { readonly name: string } {
  const names = varyNames(fields(answer))
  return { name: request, fields: fields(answer), varyNames: names, secondaryKey: secondaryKey(names, fields(request)) }
}

table<[answer: string, stored: string[], request: string], string | null>(
  'which variant a request matches',
  [
    ['9111-4.1', 'the same value', ['Vary: Foo', ['Foo: 1'], 'Foo: 1'], 'Foo: 1'],
    ['9111-4.1', 'another value', ['Vary: Foo', ['Foo: 1'], 'Foo: 2'], null],
    ['9111-4.1', 'absent then', ['Vary: Foo', [''], 'Foo: 1'], null],
    ['9111-4.1', 'absent now', ['Vary: Foo', ['Foo: 1'], ''], null],
    ['9111-4.1', 'absent then and now', ['Vary: Foo', ['a: 1'], ''], 'a: 1'],
    ['9111-4.1', 'empty is not absent', ['Vary: Foo', ['Foo: '], ''], null],
    ['9111-4.1', 'of two', ['Vary: Foo', ['Foo: 2', 'Foo: 1'], 'Foo: 1'], 'Foo: 1'],
    [
      '9111-4.1',
      'what is not listed does not count',
      ['Vary: Foo', ['Foo: 1 | Bar: 2'], 'Foo: 1 | Bar: 3'],
      'Foo: 1 | Bar: 2',
    ],
    ['9111-4.1', 'two fields', ['Vary: Foo, Bar', ['Foo: 1 | Bar: a'], 'Bar: a | Foo: 1'], 'Foo: 1 | Bar: a'],
    ['9111-4.1', 'one of two differs', ['Vary: Foo, Bar', ['Foo: 1 | Bar: a'], 'Foo: 1 | Bar: b'], null],
    ['9111-4.1', 'no value can pass for two', ['Vary: Foo, Bar', ['Bar: a'], 'Bar: a | Foo: \t'], null],
    [
      '9111-4.1',
      'one of three is absent in both',
      ['Vary: Foo, Bar, Baz', ['Foo: 1 | Baz: 7'], 'Foo: 1 | Baz: 7'],
      'Foo: 1 | Baz: 7',
    ],
    ['9111-4.1', 'lines or one line', ['Vary: Foo', ['Foo: 1, 2'], 'Foo: 1 | Foo: 2'], 'Foo: 1, 2'],
    ['9111-4.1', 'blanks at commas', ['Vary: Foo', ['Foo: 1,2'], 'Foo: 1, 2'], 'Foo: 1,2'],
    [
      '9110-12.5.4',
      'languages in another order',
      ['Vary: Accept-Language', ['Accept-Language: en, de'], 'Accept-Language: de, EN'],
      'Accept-Language: en, de',
    ],
    [
      '9110-12.5.4',
      'the language wanted most',
      [
        'Vary: Accept-Language | Content-Language: de',
        ['Accept-Language: en, de'],
        'Accept-Language: fr;q=0.5, de;q=1.0',
      ],
      'Accept-Language: en, de',
    ],
    [
      '9110-12.5.4',
      'not the second',
      ['Vary: Accept-Language | Content-Language: de', ['Accept-Language: en, de'], 'Accept-Language: fr, de;q=0.5'],
      null,
    ],
    [
      '9110-12.5.4',
      'nor one of two that are wanted most',
      ['Vary: Accept-Language | Content-Language: de', ['Accept-Language: en'], 'Accept-Language: fr, de'],
      null,
    ],
    [
      '9110-12.5.4',
      'nor where another field differs',
      [
        'Vary: Accept-Language, Foo | Content-Language: de',
        ['Accept-Language: en | Foo: 1'],
        'Accept-Language: de | Foo: 2',
      ],
      null,
    ],
    [
      '9110-12.5.3',
      'a coding that the client takes',
      ['Content-Encoding: br', ['Accept-Encoding: br, gzip'], 'Accept-Encoding: gzip;q=0.8, br'],
      'Accept-Encoding: br, gzip',
    ],
    [
      '9110-12.5.3',
      'one that it does not',
      ['Content-Encoding: br', ['Accept-Encoding: br, gzip'], 'Accept-Encoding: gzip'],
      null,
    ],
  ],
  ([answer, stored, request]) =>
    selectVariant(
      stored.map((one) => variant(answer, one)),
      fields(request.replace('Foo: \t', 'Foo: \tx')),
    )?.name ?? null,
)

const query = (take: QueryKey['take'], names: string[] = [], sort = false): QueryKey => ({
  take,
  names: new Set(names),
  sort,
})
table<[query: string, key: QueryKey], string>(
  'queries',
  [
    ['9111-2', 'all of it', ['?b=1&a=2', query('all')], '?b=1&a=2'],
    ['own', 'none of it', ['?b=1', query('none')], ''],
    ['own', 'a question mark alone', ['?', query('all')], ''],
    ['own', 'only some', ['?b=1&a=2&b=3', query('only', ['b'])], '?b=1&b=3'],
    ['own', 'all but some', ['?utm_source=x&a=2', query('except', ['utm_source'])], '?a=2'],
    ['own', 'in one order', ['?b=1&a=2&b=0', query('all', [], true)], '?a=2&b=1&b=0'],
    ['own', 'a name that is encoded', ['?%62=1&a=2', query('only', ['b'])], '?%62=1'],
    ['own', 'a name that is badly encoded', ['?%=1&a=2', query('except', ['b'])], '?%=1&a=2'],
  ],
  ([text, key]) => keyedQuery(text, key),
)

const SITE = { site: 's', scheme: 'https', host: 'h', path: '/a', query: '', fields: [] as string[] } as const
const keyOf = (more: Partial<Record<keyof typeof SITE, unknown>>, settings: Partial<KeySettings> = {}) =>
  cacheKey({ ...SITE, ...more } as typeof SITE, { ...DEFAULT_KEY, ...settings })
table<[one: Record<string, unknown>, other: Record<string, unknown>, settings?: Partial<KeySettings>], boolean>(
  'what has the same key',
  [
    ['9111-2', 'the same', [{}, {}], true],
    ['9111-2', 'another query', [{ query: '?a=1' }, { query: '?a=2' }], false],
    ['9111-2', 'another path', [{ path: '/a' }, { path: '/A' }], false],
    ['9111-2', 'another host', [{ host: 'a' }, { host: 'b' }], false],
    ['9111-2', 'another scheme', [{ scheme: 'http' }, {}], false],
    ['own', 'another site', [{ site: 'a' }, { site: 'b' }], false],
    ['9111-2', 'a field that is not listed', [{ fields: fields('a: 1') }, { fields: fields('a: 2') }], true],
    ['own', 'a field that is', [{ fields: fields('a: 1') }, { fields: fields('a: 2') }, { headers: ['a'] }], false],
    ['own', 'empty is not absent', [{ fields: fields('a: ') }, {}, { headers: ['a'] }], false],
    [
      'own',
      'a cookie that counts',
      [{ fields: fields('Cookie: a=1') }, { fields: fields('Cookie: a=2') }, { cookies: ['a'] }],
      false,
    ],
    [
      'own',
      'one that does not',
      [{ fields: fields('Cookie: b=1; a=1') }, { fields: fields('Cookie: a=1; b=2') }, { cookies: ['a'] }],
      true,
    ],
    [
      'own',
      'two cookies that pass for each other',
      [{ fields: fields('Cookie: a=1') }, { fields: fields('Cookie: b=1') }, { cookies: ['a', 'b'] }],
      false,
    ],
    [
      'own',
      'a value that passes for another field',
      [{ fields: fields('a: x | b: y') }, { fields: fields('a: x b:y') }, { headers: ['a', 'b'] }],
      false,
    ],
  ],
  ([one, other, settings]) => keyOf(one, settings) === keyOf(other, settings),
)

table<[method: string, request: string, settings?: Partial<KeySettings>, rfc?: true], string | null>(
  'what passes the cache by',
  [
    ['9111-4', 'nothing of GET', ['GET', ''], null],
    ['9111-4', 'nor of HEAD', ['HEAD', ''], null],
    ['9111-4', 'any other method', ['POST', ''], 'method'],
    ['9111-4.3.2', 'conditions for the origin', ['GET', 'If-Match: "a"'], 'condition'],
    ['own', 'Authorization', ['GET', 'Authorization: x'], 'authorization'],
    ['own', 'Authorization in the key', ['GET', 'Authorization: x', { headers: ['authorization'] }], null],
    ['own', 'Cookie', ['GET', 'Cookie: a=1'], 'cookie'],
    ['own', 'Cookie where some count', ['GET', 'Cookie: a=1', { cookies: ['b'] }], null],
    ['9111-3.5', 'Authorization by the RFC', ['GET', 'Authorization: x', {}, true], null],
    ['9111-3.5', 'Cookie by the RFC', ['GET', 'Cookie: a=1', {}, true], null],
  ],
  ([method, request, settings = {}, rfc]) =>
    bypassOf(method, fields(request), { ...DEFAULT_KEY, ...settings }, rfc ? { ...RULES, credentials: 'rfc' } : RULES),
)

table<CacheOutcome, string>(
  'Cache-Status',
  [
    ['9211-2.1', 'a hit', { hit: true, ttl: 376_999 }, 'polycdn; hit; ttl=376'],
    ['9211-2.7', 'a stale hit', { hit: true, ttl: -1 }, 'polycdn; hit; ttl=-1'],
    ['9211-2.2', 'a miss', { hit: false, fwd: 'uri-miss' }, 'polycdn; fwd=uri-miss'],
    [
      '9211-2.5',
      'stored',
      { hit: false, fwd: 'vary-miss', stored: true, ttl: 1000 },
      'polycdn; fwd=vary-miss; stored; ttl=1',
    ],
    ['9211-2.6', 'collapsed', { hit: false, fwd: 'uri-miss', collapsed: true }, 'polycdn; fwd=uri-miss; collapsed'],
    [
      '9211-2.3',
      'revalidated',
      { hit: false, fwd: 'stale', fwdStatus: 304, ttl: 0 },
      'polycdn; fwd=stale; fwd-status=304; ttl=0',
    ],
    [
      '9211-2.8',
      'more about it',
      { hit: false, fwd: 'bypass', detail: 'cookie' },
      'polycdn; fwd=bypass; detail=cookie',
    ],
    [
      '9651-3.3.1',
      'no more digits than an Integer has',
      { hit: true, ttl: 1e300 },
      'polycdn; hit; ttl=999999999999999',
    ],
  ],
  (outcome) => cacheStatus('polycdn', outcome),
)
