import { afterHead, freshened, isFreshenedBy } from '../../src/cache/rules/freshen.ts'
import { invalidated } from '../../src/cache/rules/invalidation.ts'
import { mayCombine, missingParts, withPart } from '../../src/cache/rules/partial-content.ts'
import { isProvedEnough, mayRevalidateAt, type StoredProof } from '../../src/cache/rules/provenance.ts'
import type { CacheRules } from '../../src/cache/rules/rules.ts'
import { type Unstorable, whyUnstorable } from '../../src/cache/rules/storable.ts'
import { storedFields, withDate } from '../../src/cache/rules/stored-fields.ts'
import { revalidationFields, strongTag, validatorsOf } from '../../src/cache/rules/validators.ts'
import { date, fields, NOW, RULES, table } from './support/table.ts'

const MAX_AGE = 'Cache-Control: max-age=9'

interface Exchange {
  readonly method?: string
  readonly request?: string
  readonly status?: number
  readonly answer: string
  readonly rules?: Partial<CacheRules>
}

table<Exchange, Unstorable | null>(
  'what is stored',
  [
    ['9111-3', 'GET', { answer: MAX_AGE }, null],
    ['9111-3', 'HEAD has nothing to store', { method: 'HEAD', answer: MAX_AGE }, 'method'],
    ['9111-3', 'PUT', { method: 'PUT', answer: MAX_AGE }, 'method'],
    ['9110-9.3.3', 'POST', { method: 'POST', answer: MAX_AGE }, 'method'],
    ['9110-9.3.3', 'POST that names itself', { method: 'POST', answer: `${MAX_AGE} | Content-Location: /a` }, null],
    [
      '9110-9.3.3',
      'POST that names another',
      { method: 'POST', answer: `${MAX_AGE} | Content-Location: /b` },
      'method',
    ],
    ['9110-9.3.3', 'POST without freshness', { method: 'POST', answer: 'ETag: "a" | Content-Location: /a' }, 'method'],
    ...[200, 203, 204, 299, 301, 302, 303, 307, 308, 400, 404, 410, 499, 500, 502, 503, 504, 599].map(
      (status) => ['9111-3', `${status} by its own word`, { status, answer: MAX_AGE }, null] as const,
    ),
    ['9111-3', 'an interim answer', { status: 103, answer: MAX_AGE }, 'status'],
    ['9111-3', '304', { status: 304, answer: MAX_AGE }, 'status'],
    ['9111-3', 'no status at all', { status: 600, answer: MAX_AGE }, 'status'],
    ['9111-3.3', '206', { status: 206, answer: `${MAX_AGE} | Content-Range: bytes 0-4/9` }, null],
    ['9111-3.3', '206 without a range', { status: 206, answer: MAX_AGE }, 'partial'],
    [
      '9110-15.3.7.2',
      '206 with several',
      { status: 206, answer: `${MAX_AGE} | Content-Type: multipart/byteranges` },
      'partial',
    ],
    ['9111-5.2.2.3', 'must-understand: understood', { answer: 'Cache-Control: max-age=9, must-understand' }, null],
    [
      '9111-5.2.2.3',
      'understood, beside no-store',
      { answer: 'Cache-Control: max-age=9, no-store, must-understand' },
      null,
    ],
    ['9111-5.2.2.3', 'not understood', { status: 599, answer: 'Cache-Control: max-age=9, must-understand' }, 'status'],
    ['9111-5.2.2.5', 'no-store', { answer: 'Cache-Control: no-store' }, 'no-store'],
    ['9111-5.2.2.5', 'no-store in any case', { answer: 'Cache-Control: No-StOrE, max-age=9' }, 'no-store'],
    ['9111-5.2.2.5', 'no-store with a value', { answer: 'Cache-Control: no-store=1, max-age=9' }, 'no-store'],
    [
      '9111-5.2.1.5',
      'no-store of the request',
      { request: 'Cache-Control: no-store', answer: MAX_AGE },
      'request-no-store',
    ],
    [
      'own',
      'which may be ignored',
      { request: 'Cache-Control: no-store', answer: MAX_AGE, rules: { requestDirectives: 'ignore' } },
      null,
    ],
    ['9111-5.2.2.7', 'private', { answer: 'Cache-Control: private, max-age=9' }, 'private'],
    ['9111-5.2.2.7', 'private fields', { answer: 'Cache-Control: private="a", max-age=9' }, null],
    ['9111-5.2.2.4', 'no-cache with a validator', { answer: 'Cache-Control: no-cache | ETag: "a"' }, null],
    ['9213-2.2', 'private of a targeted field', { answer: `${MAX_AGE} | CDN-Cache-Control: private` }, 'private'],
    ['9213-2.2', 'no-store of a targeted field', { answer: `${MAX_AGE} | CDN-Cache-Control: no-store` }, 'no-store'],
    [
      '9213-2.2',
      'a targeted field over no-store',
      { answer: 'Cache-Control: no-store | CDN-Cache-Control: max-age=9' },
      null,
    ],
    ['9111-3.5', 'Authorization', { request: 'Authorization: x', answer: MAX_AGE }, 'authorization'],
    ['9111-3.5', 'Authorization and public', { request: 'Authorization: x', answer: `${MAX_AGE}, public` }, null],
    ['9111-3.5', 'and must-revalidate', { request: 'Authorization: x', answer: `${MAX_AGE}, must-revalidate` }, null],
    ['9111-3.5', 'and s-maxage', { request: 'Authorization: x', answer: 'Cache-Control: s-maxage=9' }, null],
    [
      '9111-3.5',
      'but not proxy-revalidate',
      { request: 'Authorization: x', answer: `${MAX_AGE}, proxy-revalidate` },
      'authorization',
    ],
    ['own', 'Set-Cookie', { answer: `${MAX_AGE}, public | Set-Cookie: a=b` }, 'set-cookie'],
    ['own', 'Set-Cookie as wanted', { answer: `${MAX_AGE} | Set-Cookie: a=b`, rules: { storeSetCookie: true } }, null],
    [
      'own',
      'as wanted, but not by a guess',
      { answer: 'ETag: "a" | Set-Cookie: a=b', rules: { storeSetCookie: true } },
      'set-cookie',
    ],
    [
      '9111-5.2.2.7',
      'Set-Cookie that is private',
      { answer: 'Cache-Control: max-age=9, private="Set-Cookie" | Set-Cookie: a=b' },
      null,
    ],
    ['9111-4.1', 'Vary: *', { answer: `${MAX_AGE} | Vary: *` }, 'vary'],
    ['9111-4.1', 'Vary: *, *', { answer: `${MAX_AGE} | Vary: *, *` }, 'vary'],
    ['9111-4.1', 'Vary: , *', { answer: `${MAX_AGE} | Vary: , *` }, 'vary'],
    ['9111-4.1', 'Vary: Foo, *', { answer: `${MAX_AGE} | Vary: Foo, *` }, 'vary'],
    ['9111-4.1', 'Vary: *, Foo', { answer: `${MAX_AGE} | Vary: *, Foo` }, 'vary'],
    ['9111-4.1', 'Vary in two lines', { answer: `${MAX_AGE} | Vary:  | Vary: *` }, 'vary'],
    ['9111-3', 'nothing that lets it be used again', { answer: `Date: ${date()}` }, 'no-freshness'],
    ['9111-3', 'a validator', { answer: 'ETag: "a"' }, null],
    ['9111-3', 'a date', { answer: `Last-Modified: ${date(-9)}` }, null],
    ['9111-3', 'a validator of what may not be guessed', { status: 302, answer: 'ETag: "a"' }, 'no-freshness'],
    ['9111-3', 'Expires', { status: 302, answer: `Expires: ${date(9)}` }, null],
    ['9111-3', 'public, with a validator', { status: 599, answer: 'Cache-Control: public | ETag: "a"' }, null],
  ],
  ({ method = 'GET', request = '', status = 200, answer, rules }) =>
    whyUnstorable(
      { method, fields: fields(request), target: 'https://h/a' },
      { status, fields: fields(answer) },
      { ...RULES, ...rules },
    ),
)

table<string, string>(
  'which fields are stored',
  [
    ['9111-3.1', 'all but those of the connection', 'A: 1 | Connection: b, C | b: 2 | c: 3 | d: 4', 'A: 1 | d: 4'],
    ...[
      'Keep-Alive',
      'Proxy-Authenticate',
      'Proxy-Authentication-Info',
      'Proxy-Authorization',
      'Proxy-Connection',
      'TE',
    ].map((name) => ['9111-3.1', name, `${name}: x | a: 1`, 'a: 1'] as const),
    ['9111-3.1', 'Transfer-Encoding and Upgrade', 'Transfer-Encoding: chunked | Upgrade: x | a: 1', 'a: 1'],
    ['9111-3.1', 'unknown ones', 'X-Content-Foo: 1 | Content-MD5: 2', 'X-Content-Foo: 1 | Content-MD5: 2'],
    ['9111-5.1', 'Age is counted anew', 'Age: 30 | a: 1', 'a: 1'],
    [
      '9111-5.2.2.4',
      'not what no-cache lists',
      'Cache-Control: no-cache="a, b" | a: 1 | b: 2 | c: 3',
      'Cache-Control: no-cache="a, b" | c: 3',
    ],
    [
      '9111-5.2.2.7',
      'nor what private lists',
      'Cache-Control: private="A" | a: 1 | c: 3',
      'Cache-Control: private="A" | c: 3',
    ],
    ['9110-6.6.1', 'Date stays', `Date: ${date(-9)}`, `Date: ${date(-9)}`],
    ['9110-6.6.1', 'or is when it came', 'a: 1', `a: 1 | date: ${date()}`],
  ],
  (text) => {
    const kept = storedFields(text.includes('Date') || text === 'a: 1' ? withDate(fields(text), NOW) : fields(text))
    return shown(kept)
  },
)

function shown(list: readonly string[]): string {
  return list.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${list[at + 1]}`] : [])).join(' | ')
}

table<[stored: string, newer: string], string>(
  'stored fields after a newer head',
  [
    ['9111-3.2', 'a newer value', ['a: 1', 'a: 2'], 'a: 2'],
    ['9111-3.2', 'what it omits stays', ['a: 1 | b: 2', 'a: 3'], 'b: 2 | a: 3'],
    ['9111-3.2', 'all lines of a field', ['a: 1 | A: 2', 'a: 3 | a: 4'], 'a: 3 | a: 4'],
    ['9111-3.2', 'the length stays', ['Content-Length: 36', 'Content-Length: 10'], 'Content-Length: 36'],
    ['9111-3.2', 'the coding stays', ['Content-Encoding: br', 'Content-Encoding: gzip'], 'Content-Encoding: br'],
    [
      '9111-3.2',
      'a range stays',
      ['Content-Range: bytes 0-1/2', 'Content-Range: bytes 0-2/3'],
      'Content-Range: bytes 0-1/2',
    ],
    ['9111-3.2', 'no length comes to it', ['a: 1', 'Content-Length: 0'], 'a: 1'],
    ['9111-3.2', 'the type is new', ['Content-Type: text/plain', 'Content-Type: text/html'], 'Content-Type: text/html'],
    ['9111-3.1', 'nothing of the connection', ['a: 1', 'Connection: b | b: 2'], 'a: 1'],
    [
      '9111-5.2.2.4',
      'what is qualified now goes',
      ['a: 1', 'Cache-Control: no-cache="a"'],
      'Cache-Control: no-cache="a"',
    ],
  ],
  ([stored, newer]) => shown(freshened(fields(stored), fields(newer))),
)

table<[stored: string, answer: string], boolean>(
  'which stored answer a 304 speaks of',
  [
    ['9111-4.3.4', 'the same strong tag', ['ETag: "a"', 'ETag: "a"'], true],
    ['9111-4.3.4', 'another', ['ETag: "a"', 'ETag: "b"'], false],
    ['9111-4.3.4', 'a strong one of a weak one', ['ETag: W/"a"', 'ETag: "a"'], false],
    ['9111-4.3.4', 'weak ones', ['ETag: W/"a"', 'ETag: W/"a"'], true],
    ['9111-4.3.4', 'a weak one of a strong one', ['ETag: "a"', 'ETag: W/"a"'], true],
    ['9111-4.3.4', 'a tag where none was', ['a: 1', 'ETag: "a"'], false],
    ['9111-4.3.4', 'the same date', [`Last-Modified: ${date(-9)}`, `Last-Modified: ${date(-9)}`], true],
    ['9111-4.3.4', 'another date', [`Last-Modified: ${date(-9)}`, `Last-Modified: ${date(-8)}`], false],
    ['9111-4.3.4', 'no validator: the one that was asked about', ['ETag: "a"', 'a: 1'], true],
  ],
  ([stored, answer]) => isFreshenedBy(fields(stored), fields(answer)),
)

table<[stored: string, size: number | null, status: number, head: string], string>(
  'what HEAD says of the answer to GET',
  [
    ['9111-4.3.5', 'nothing else', ['a: 1', 5, 200, 'a: 2'], 'update'],
    ['9111-4.3.5', 'the same validators and length', ['ETag: "a"', 5, 200, 'ETag: "a" | Content-Length: 5'], 'update'],
    ['9111-4.3.5', 'another tag', ['ETag: "a"', 5, 200, 'ETag: "b"'], 'invalidate'],
    ['9111-4.3.5', 'another date', [`Last-Modified: ${date(-9)}`, 5, 200, `Last-Modified: ${date(-8)}`], 'invalidate'],
    ['9111-4.3.5', 'another length', ['a: 1', 5, 200, 'Content-Length: 6'], 'invalidate'],
    ['9111-4.3.5', 'a length where none is known', ['a: 1', null, 200, 'Content-Length: 6'], 'update'],
    ['9111-4.3.5', 'another status code', ['a: 1', 5, 410, 'a: 2'], 'nothing'],
  ],
  ([stored, size, status, head]) => afterHead({ fields: fields(stored), size }, { status, fields: fields(head) }),
)

table<[method: string, status: number, answer: string], string[]>(
  'what an unsafe method ends',
  [
    ['9111-4.4', 'its target', ['POST', 200, ''], ['https://h/a?b']],
    ['9111-4.4', 'PUT', ['PUT', 204, ''], ['https://h/a?b']],
    ['9111-4.4', 'DELETE', ['DELETE', 204, ''], ['https://h/a?b']],
    ['9111-4.4', 'a method that is not known', ['M-SEARCH', 200, ''], ['https://h/a?b']],
    ['9111-4.4', 'not after an error', ['POST', 500, ''], []],
    ['9111-4.4', 'nor after a client error', ['POST', 404, ''], []],
    ['9111-4.4', 'but after a redirect', ['POST', 303, 'Location: /c#d'], ['https://h/a?b', 'https://h/c']],
    ['9111-4.4', 'a safe method ends nothing', ['GET', 200, ''], []],
    ['9111-4.4', 'nor OPTIONS', ['OPTIONS', 200, ''], []],
    ['9111-4.4', 'Location', ['POST', 201, 'Location: c'], ['https://h/a?b', 'https://h/c']],
    ['9111-4.4', 'Content-Location', ['POST', 201, 'Content-Location: https://h/c'], ['https://h/a?b', 'https://h/c']],
    ['9111-4.4', 'no other host', ['POST', 201, 'Location: https://other/c'], ['https://h/a?b']],
    ['9111-4.4', 'no other scheme', ['POST', 201, 'Location: http://h/c'], ['https://h/a?b']],
    ['9111-4.4', 'no URL at all', ['POST', 201, 'Location: https://['], ['https://h/a?b']],
  ],
  ([method, status, answer]) => invalidated(method, 'https://h/a?b', { status, fields: fields(answer) }),
)

const STORED = { fields: fields('ETag: "a"'), parts: [{ first: 0, last: 4 }], size: 10 }
table<[status: number, answer: string, stored?: string], boolean>(
  'which bytes stand beside stored ones',
  [
    ['9111-3.4', 'the same strong tag', [206, 'ETag: "a" | Content-Range: bytes 5-9/10'], true],
    ['9111-3.4', 'a whole with it', [200, 'ETag: "a"'], true],
    ['9111-3.4', 'another tag', [206, 'ETag: "b" | Content-Range: bytes 5-9/10'], false],
    ['9111-3.4', 'no tag', [206, 'Content-Range: bytes 5-9/10'], false],
    ['9111-3.4', 'weak ones', [206, 'ETag: W/"a" | Content-Range: bytes 5-9/10', 'ETag: W/"a"'], false],
    ['9110-15.3.7.3', 'another complete length', [206, 'ETag: "a" | Content-Range: bytes 5-9/11'], false],
    ['9110-15.3.7.3', 'an unknown length', [206, 'ETag: "a" | Content-Range: bytes 5-9/*'], true],
    ['9110-8.8.3.3', 'another coding', [206, 'ETag: "a" | Content-Range: bytes 5-9/10 | Content-Encoding: br'], false],
    ['9110-14.4', 'no range', [206, 'ETag: "a"'], false],
    ['9111-3.4', 'an error', [404, 'ETag: "a"'], false],
  ],
  ([status, answer, stored]) =>
    mayCombine(stored === undefined ? STORED : { ...STORED, fields: fields(stored) }, {
      status,
      fields: fields(answer),
    }),
)

const parts = (text: string) => text.split(' ').flatMap((one) => (one === '' ? [] : [part(one)]))
const part = (text: string) => ({ first: Number(text.split('-')[0]), last: Number(text.split('-')[1]) })
const told = (list: readonly { first: number; last: number }[]) =>
  list.map((one) => `${one.first}-${one.last}`).join(' ')

table<[stored: string, added: string], string>(
  'parts and one more',
  [
    ['9111-3.4', 'the first', ['', '0-4'], '0-4'],
    ['9111-3.4', 'one that meets it', ['0-4', '5-9'], '0-9'],
    ['9111-3.4', 'one that does not', ['0-4', '6-9'], '0-4 6-9'],
    ['9111-3.4', 'one between', ['0-4 8-9', '5-7'], '0-9'],
    ['9111-3.4', 'one that overlaps two', ['0-4 8-9 20-29', '3-8'], '0-9 20-29'],
    ['9111-3.4', 'one in another', ['0-9', '3-4'], '0-9'],
    ['9111-3.4', 'one before', ['5-9', '0-2'], '0-2 5-9'],
  ],
  ([stored, added]) => told(withPart(parts(stored), part(added))),
)

table<[stored: string, wanted: string], string>(
  'what is missing',
  [
    ['9111-3.3', 'nothing', ['0-9', '2-4'], ''],
    ['9111-3.3', 'all', ['', '2-4'], '2-4'],
    ['9111-3.3', 'the end', ['0-4', '2-9'], '5-9'],
    ['9111-3.3', 'the beginning', ['4-9', '2-9'], '2-3'],
    ['9111-3.3', 'between', ['0-3 6-9', '2-7'], '4-5'],
    ['9111-3.3', 'beside', ['0-3 20-29', '5-9'], '5-9'],
  ],
  ([stored, wanted]) => told(missingParts(parts(stored), part(wanted))),
)

table<string, string>(
  'what asks whether it changed',
  [
    ['9111-4.3.1', 'its tag', 'ETag: "a"', 'if-none-match: "a"'],
    ['9111-4.3.1', 'a weak one too', 'ETag: W/"a"', 'if-none-match: W/"a"'],
    ['9111-4.3.1', 'its date', `Last-Modified: ${date(-9)}`, `if-modified-since: ${date(-9)}`],
    [
      '9111-4.3.1',
      'both',
      `ETag: "a" | Last-Modified: ${date(-9)}`,
      `if-none-match: "a" | if-modified-since: ${date(-9)}`,
    ],
    ['9110-8.8.3', 'not by what is no tag', 'ETag: a', ''],
    ['9111-4.3.1', 'nothing', 'a: 1', ''],
  ],
  (text) => shown(revalidationFields(fields(text))),
)

table<string, string>(
  'validators of a stored answer',
  [
    ['9110-8.8.3', 'a strong tag', 'ETag: "a"', '"a" 0 false'],
    ['9110-8.8.3', 'a weak one is not strong', 'ETag: W/"a"', 'null 0 false'],
    ['9110-8.8.2.2', 'a date a second before Date', `Last-Modified: ${date(-1)} | Date: ${date()}`, 'null -1 true'],
    ['9110-8.8.2.2', 'a date in the second of Date', `Last-Modified: ${date()} | Date: ${date()}`, 'null 0 false'],
    ['9111-4.3.2', 'its Date where it has no other', `Date: ${date(-5)}`, 'null -5 false'],
  ],
  (text) => {
    const { lastModified, range } = validatorsOf(fields(text), NOW)
    return `${strongTag(fields(text))} ${(lastModified! - NOW) / 1000} ${range.isDateStrong}`
  },
)

table<[proof: StoredProof, required: StoredProof], boolean>(
  'which proof is enough',
  [
    ['own', 'none where none is required', ['none', 'none'], true],
    ['own', 'none where one is', ['none', 'manifest'], false],
    ['own', 'the one that is required', ['manifest', 'manifest'], true],
    ['own', 'a stronger one', ['content-address', 'manifest'], true],
    ['own', 'a weaker one', ['manifest', 'content-address'], false],
  ],
  ([proof, required]) => isProvedEnough(proof, required),
)

table<[answer: string, cdn: string | null, proof?: StoredProof], boolean>(
  'who may be asked whether it changed',
  [
    ['9110-8.8.1', 'who sent it', ['a: 1', 'x'], true],
    ['9110-8.8.1', 'another, by a date', [`Last-Modified: ${date(-9)}`, 'y'], false],
    ['9110-8.8.1', 'another, by a weak tag', ['ETag: W/"a"', 'y'], false],
    ['9110-8.8.1', 'another, by a strong tag', ['ETag: "a"', 'y'], true],
    ['9110-8.8.1', 'the Origin is another', ['a: 1', null], false],
    ['own', 'another, for what is proved', ['a: 1', 'y', 'manifest'], true],
  ],
  ([answer, cdn, proof = 'none']) => mayRevalidateAt({ cdn: 'x', proof, fields: fields(answer) }, cdn),
)
