import { type Freshness, freshnessOf, timeToLive } from '../../src/cache/rules/freshness.ts'
import { requestDirectives } from '../../src/cache/rules/request-directives.ts'
import { earlyRefreshAt, isError, mayServeOnError, reuseOf } from '../../src/cache/rules/reuse.ts'
import type { CacheRules } from '../../src/cache/rules/rules.ts'
import { date, fields, HEURISTIC, NOW, type Row, RULES, table } from './support/table.ts'

const AT_ONCE = { requestTime: NOW, responseTime: NOW }

function freshness(text: string, rules: CacheRules = RULES, status = 200): Freshness {
  return freshnessOf(status, fields(text), AT_ONCE, rules)
}

table<string, string>(
  'how long an answer is fresh',
  [
    ['9111-4.2.1', 'nothing said', `Date: ${date()}`, '0 none'],
    ['9111-5.2.2.1', 'max-age', 'Cache-Control: max-age=3600', '3600 max-age'],
    ['9111-5.2.2.1', 'max-age=0', 'Cache-Control: max-age=0', '0 max-age'],
    ['9111-5.2.2.10', 's-maxage before max-age', 'Cache-Control: max-age=3600, s-maxage=1', '1 s-maxage'],
    [
      '9111-5.2.2.10',
      's-maxage before max-age, in another order',
      'Cache-Control: s-maxage=1, max-age=3600',
      '1 s-maxage',
    ],
    ['9111-5.2.2.10', 'in two lines', 'Cache-Control: max-age=3600 | Cache-Control: s-maxage=1', '1 s-maxage'],
    ['9111-5.2.2.10', 'a longer one', 'Cache-Control: max-age=1, s-maxage=3600', '3600 s-maxage'],
    ['9111-5.3', 'max-age before a past Expires', `Cache-Control: max-age=9 | Expires: ${date(-7200)}`, '9 max-age'],
    ['9111-5.3', 'max-age before an invalid Expires', 'Cache-Control: max-age=9 | Expires: 0', '9 max-age'],
    ['9111-5.3', 'max-age=0 before a future Expires', `Cache-Control: max-age=0 | Expires: ${date(9)}`, '0 max-age'],
    ['9111-5.3', 'a future Expires', `Expires: ${date(3600)} | Date: ${date()}`, '3600 expires'],
    ['9111-4.2.1', 'counted from Date', `Expires: ${date(3600)} | Date: ${date(-60)}`, '3660 expires'],
    ['9111-5.3', 'a past Expires', `Expires: ${date(-9)} | Date: ${date()}`, '0 expires'],
    ['9111-5.3', 'Expires as Date', `Expires: ${date()} | Date: ${date()}`, '0 expires'],
    ['9111-5.3', 'Expires before a Date ahead', `Expires: ${date(300)} | Date: ${date(400)}`, '0 expires'],
    ['9111-5.3', 'an invalid Expires', 'Expires: 0', '0 expires'],
    ['9111-5.3', 'two different lines of Expires', `Expires: ${date(9)} | Expires: ${date(10)}`, '0 expires'],
    ['9111-5.3', 'two equal lines of Expires', `Expires: ${date(9)} | Expires: ${date(9)}`, '9 expires'],
    ['9111-4.2.1', 'an invalid Date: counted from now', `Expires: ${date(10)} | Date: foo`, '10 expires'],
    ['9111-4.2.1', 'max-age is no number', 'Cache-Control: max-age=a9', '0 max-age'],
    [
      '9111-4.2.1',
      'max-age is no number, whatever Expires says',
      `Cache-Control: max-age=-1 | Expires: ${date(9)}`,
      '0 max-age',
    ],
    ['9111-4.2.1', 'two values of max-age', 'Cache-Control: max-age=9, max-age=1', '0 max-age'],
    ['9111-5.4', 'Pragma means nothing in answers', 'Cache-Control: max-age=9 | Pragma: no-cache', '9 max-age'],
    ['9213-2.2', 'a targeted field', 'Cache-Control: max-age=1 | CDN-Cache-Control: max-age=9', '9 max-age'],
    ['9213-2.2', 'beside which Expires does not count', `CDN-Cache-Control: public | Expires: ${date(9)}`, '0 none'],
    ['9213-2.2', 'max-age=0 of a targeted field', `CDN-Cache-Control: max-age=0 | Expires: ${date(9)}`, '0 max-age'],
    ['9111-4.2.2', 'no guess where none is wanted', `Last-Modified: ${date(-86_400)} | Date: ${date()}`, '0 none'],
  ],
  (text) => {
    const { lifetime, source } = freshness(text)
    return `${lifetime / 1000} ${source}`
  },
)

type Guess = Row<[status: number, text: string], string>
table<[status: number, text: string], string>(
  'how long an answer is fresh by a guess',
  [
    ['9111-4.2.2', 'a tenth of its age', [200, `Last-Modified: ${date(-86_400)} | Date: ${date()}`], '8640 heuristic'],
    ['9111-4.2.2', 'at most a day', [200, `Last-Modified: ${date(-8_640_000)} | Date: ${date()}`], '86400 heuristic'],
    ['9111-4.2.2', 'not without Last-Modified', [200, `Date: ${date()}`], '0 none'],
    ['9111-4.2.2', 'nor with one ahead', [200, `Last-Modified: ${date(9)} | Date: ${date()}`], '0 none'],
    [
      '9111-4.2.2',
      'not where max-age is invalid',
      [200, `Last-Modified: ${date(-900)} | Cache-Control: max-age=x`],
      '0 max-age',
    ],
    ['9111-4.2.2', 'not where Expires says otherwise', [200, `Last-Modified: ${date(-900)} | Expires: 0`], '0 expires'],
    ...[203, 204, 300, 301, 308, 404, 405, 410, 414, 501].map(
      (status): Guess => [
        '9110-15.1',
        `${status} may be guessed`,
        [status, `Last-Modified: ${date(-100)}`],
        '10 heuristic',
      ],
    ),
    ...[201, 202, 302, 303, 307, 403, 500, 502, 503, 504, 599].map(
      (status): Guess => ['9110-15.1', `${status} may not`, [status, `Last-Modified: ${date(-100)}`], '0 none'],
    ),
    [
      '9111-5.2.2.9',
      'public lets any be guessed',
      [599, `Last-Modified: ${date(-100)} | Cache-Control: public`],
      '10 heuristic',
    ],
  ],
  ([status, text]) => {
    const { lifetime, source } = freshness(text, HEURISTIC, status)
    return `${lifetime / 1000} ${source}`
  },
)

table<[text: string, after: number], number>(
  'what is left',
  [
    ['9111-4.2', 'all of it', ['Cache-Control: max-age=10', 0], 10],
    ['9111-4.2', 'less with time', ['Cache-Control: max-age=10', 4], 6],
    ['9111-4.2', 'nothing at its end', ['Cache-Control: max-age=10', 10], 0],
    ['9111-4.2', 'less than nothing', ['Cache-Control: max-age=10', 14], -4],
    ['9111-4.2.3', 'less by its Age', ['Cache-Control: max-age=3600 | Age: 7200', 0], -3600],
    ['9111-4.2.3', 'less by an old Date', [`Cache-Control: max-age=3600 | Date: ${date(-7200)}`, 0], -3600],
    ['9111-4.2.3', 'Age more than Expires less Date', [`Date: ${date(-10)} | Expires: ${date(10)} | Age: 25`, 0], -5],
    ['9111-4.2.3', 'the same where Date is ahead', [`Date: ${date(10)} | Expires: ${date(20)} | Age: 15`, 0], -5],
    ['9111-4.2.3', 'Age beside a targeted field', ['CDN-Cache-Control: max-age=3600 | Age: 7200', 0], -3600],
  ],
  ([text, after]) => timeToLive(freshness(text), NOW + after * 1000) / 1000,
)

const SWR = 'Cache-Control: max-age=10, stale-while-revalidate=5'
table<[text: string, after: number, request?: string], string>(
  'what is done with a stored answer',
  [
    ['9111-4', 'fresh', ['Cache-Control: max-age=10', 9.9], 'serve fresh'],
    ['9111-4', 'stale', ['Cache-Control: max-age=10', 10], 'revalidate stale'],
    ['9111-5.2.2.4', 'no-cache, fresh', ['Cache-Control: no-cache, max-age=10', 0], 'revalidate no-cache'],
    ['9111-5.2.2.4', 'no-cache of some fields', ['Cache-Control: no-cache="a", max-age=10', 0], 'serve fresh'],
    [
      '9213-2.2',
      'no-cache of a targeted field',
      ['CDN-Cache-Control: no-cache | Cache-Control: max-age=10', 0],
      'revalidate no-cache',
    ],
    ['9111-5.2.2.2', 'must-revalidate, fresh', ['Cache-Control: max-age=10, must-revalidate', 0], 'serve fresh'],
    ['9111-5.2.2.2', 'must-revalidate, stale', ['Cache-Control: max-age=10, must-revalidate', 11], 'revalidate stale'],
    ['5861-3', 'within the window', [SWR, 14.9], 'serve-and-revalidate stale-while-revalidate'],
    ['5861-3', 'behind the window', [SWR, 15], 'revalidate stale'],
    ['9111-4.2.4', 'no window over must-revalidate', [`${SWR}, must-revalidate`, 11], 'revalidate stale'],
    ['9111-4.2.4', 'nor over proxy-revalidate', [`${SWR}, proxy-revalidate`, 11], 'revalidate stale'],
    ['9111-5.2.2.10', 'nor over s-maxage', [`${SWR}, s-maxage=10`, 11], 'revalidate stale'],
    [
      '5861-3',
      'a window that is no number',
      ['Cache-Control: max-age=10, stale-while-revalidate=x', 11],
      'revalidate stale',
    ],
    [
      '9111-5.2.1.1',
      'max-age of the request: older',
      ['Cache-Control: max-age=10', 3, 'max-age=2'],
      'revalidate request',
    ],
    [
      '9111-5.2.1.1',
      'max-age of the request: young enough',
      ['Cache-Control: max-age=10', 2, 'max-age=2'],
      'serve fresh',
    ],
    ['9111-5.2.1.1', 'max-age=0', ['Cache-Control: max-age=10', 0, 'max-age=0'], 'revalidate request'],
    [
      '9111-5.2.1.1',
      'max-age by the Age of the answer',
      ['Cache-Control: max-age=3600 | Age: 1800', 0, 'max-age=600'],
      'revalidate request',
    ],
    ['9111-5.2.1.1', 'max-age that is no number', ['Cache-Control: max-age=10', 1, 'max-age=x'], 'revalidate request'],
    [
      '9111-5.2.1.3',
      'min-fresh: not long enough',
      ['Cache-Control: max-age=10', 3, 'min-fresh=8'],
      'revalidate request',
    ],
    ['9111-5.2.1.3', 'min-fresh: long enough', ['Cache-Control: max-age=10', 2, 'min-fresh=8'], 'serve fresh'],
    ['9111-5.2.1.2', 'max-stale: not too stale', ['Cache-Control: max-age=10', 15, 'max-stale=5'], 'serve max-stale'],
    ['9111-5.2.1.2', 'max-stale: too stale', ['Cache-Control: max-age=10', 16, 'max-stale=5'], 'revalidate stale'],
    ['9111-5.2.1.2', 'max-stale without a value', ['Cache-Control: max-age=10', 9999, 'max-stale'], 'serve max-stale'],
    [
      '9111-5.2.1.2',
      'max-stale that is no number',
      ['Cache-Control: max-age=10', 11, 'max-stale=x'],
      'revalidate stale',
    ],
    [
      '9111-5.2.2.2',
      'max-stale against must-revalidate',
      ['Cache-Control: max-age=10, must-revalidate', 11, 'max-stale'],
      'revalidate stale',
    ],
    [
      '9111-5.2.2.8',
      'max-stale against proxy-revalidate',
      ['Cache-Control: max-age=10, proxy-revalidate', 11, 'max-stale'],
      'revalidate stale',
    ],
    ['9111-5.2.1.4', 'no-cache of the request', ['Cache-Control: max-age=10', 0, 'no-cache'], 'revalidate request'],
    ['9111-5.2.1.5', 'no-store of the request', ['Cache-Control: max-age=10', 0, 'no-store'], 'revalidate request'],
    [
      '8246-2',
      'immutable: a reload asks nobody',
      ['Cache-Control: max-age=10, immutable', 1, 'max-age=0'],
      'serve fresh',
    ],
    [
      '8246-2',
      'immutable: a forced reload does',
      ['Cache-Control: max-age=10, immutable', 1, 'no-cache'],
      'revalidate request',
    ],
    ['8246-2', 'immutable, but stale', ['Cache-Control: max-age=10, immutable', 11, 'max-age=0'], 'revalidate request'],
  ],
  ([text, after, request]) => {
    const asked = requestDirectives(request === undefined ? [] : ['cache-control', request])
    const { act, because } = reuseOf(freshness(text), asked, RULES, NOW + after * 1000)
    return `${act} ${because}`
  },
)

table<string, string>(
  'what a request cannot ask where its directives are ignored',
  [
    ['own', 'no-cache', 'no-cache', 'serve fresh'],
    ['own', 'no-store', 'no-store', 'serve fresh'],
    ['own', 'max-age', 'max-age=0', 'serve fresh'],
    ['own', 'min-fresh', 'min-fresh=99', 'serve fresh'],
  ],
  (request) => {
    const rules: CacheRules = { ...RULES, requestDirectives: 'ignore' }
    const asked = requestDirectives(['cache-control', request])
    const { act, because } = reuseOf(freshness('Cache-Control: max-age=10'), asked, rules, NOW + 1000)
    return `${act} ${because}`
  },
)

table<string, boolean>(
  'what a request asks',
  [
    ['9111-5.2.1.7', 'only-if-cached', 'Cache-Control: Only-If-Cached', true],
    ['9111-5.4', 'nothing by Pragma', 'Pragma: no-cache', false],
  ],
  (text) => {
    const { onlyIfCached, noCache } = requestDirectives(fields(text))
    return onlyIfCached || noCache
  },
)

const HOUR: CacheRules = { ...RULES, staleIfError: 3_600_000 }
table<[text: string, after: number, rules?: CacheRules], boolean>(
  'what is served where nothing better can be had',
  [
    ['5861-4', 'within the window', ['Cache-Control: max-age=10, stale-if-error=60', 69], true],
    ['5861-4', 'behind the window', ['Cache-Control: max-age=10, stale-if-error=60', 70], false],
    ['5861-4', 'nothing said, none configured', ['Cache-Control: max-age=10', 11], false],
    ['9111-4.2.4', 'nothing said, one configured', ['Cache-Control: max-age=10', 11, HOUR], true],
    [
      '5861-4',
      'what is said goes before what is configured',
      ['Cache-Control: max-age=10, stale-if-error=0', 11, HOUR],
      false,
    ],
    ['9111-5.2.2.2', 'never over must-revalidate', ['Cache-Control: max-age=10, must-revalidate', 11, HOUR], false],
    ['9111-5.2.2.8', 'never over proxy-revalidate', ['Cache-Control: max-age=10, proxy-revalidate', 11, HOUR], false],
    ['9111-5.2.2.10', 'never over s-maxage', ['Cache-Control: s-maxage=10', 11, HOUR], false],
    ['9111-5.2.2.4', 'no-cache, fresh', ['Cache-Control: max-age=10, no-cache', 5, HOUR], false],
    ['9111-5.2.2.4', 'never over no-cache', ['Cache-Control: max-age=10, no-cache', 11, HOUR], false],
    ['9111-4.2.4', 'not even what says both', ['Cache-Control: max-age=10, s-maxage=10, stale-if-error=60', 11], false],
    [
      '9111-4.2.4',
      'no-cache of some fields forbids nothing',
      ['Cache-Control: max-age=10, no-cache="a"', 11, HOUR],
      true,
    ],
  ],
  ([text, after, rules]) => mayServeOnError(freshness(text, rules), NOW + after * 1000),
)

table<number, boolean>(
  'what is an error',
  [
    ['5861-4', '500', 500, true],
    ['5861-4', '502', 502, true],
    ['5861-4', '503', 503, true],
    ['5861-4', '504', 504, true],
    ['5861-4', 'a 404 is an answer', 404, false],
    ['5861-4', 'so is a 501', 501, false],
  ],
  isError,
)

table<[text: string, chance: number], number>(
  'when it is asked for early',
  [
    ['own', 'at its end', ['Cache-Control: max-age=100', 0], 100],
    ['own', 'a tenth before its end at most', ['Cache-Control: max-age=100', 1], 90],
    ['own', 'somewhere between', ['Cache-Control: max-age=100', 0.5], 95],
    ['own', 'its Age counts', ['Cache-Control: max-age=100 | Age: 50', 0.5], 45],
    ['own', 'at once where it is stale', ['Cache-Control: max-age=100 | Age: 150', 0.5], 0],
  ],
  ([text, chance]) => (earlyRefreshAt(freshness(text), chance) - NOW) / 1000,
)
