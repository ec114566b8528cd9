import { ageField, ageValue, currentAge, initialAge } from '../../src/cache/rules/age.ts'
import { listedFields, parseDirectives, seconds } from '../../src/cache/rules/directives.ts'
import { parseHttpDate } from '../../src/cache/rules/http-date.ts'
import { members, unquoted } from '../../src/cache/rules/list.ts'
import { parseDictionary } from '../../src/cache/rules/structured-dictionary.ts'
import { responseDirectives } from '../../src/cache/rules/targeted.ts'
import { fields, NOW, table } from './support/table.ts'

table<string, string | null>(
  'dates',
  [
    ['9110-5.6.7', 'the preferred form', 'Sun, 06 Nov 1994 08:49:37 GMT', '1994-11-06T08:49:37.000Z'],
    ['9110-5.6.7', 'the form of RFC 850', 'Sunday, 06-Nov-94 08:49:37 GMT', '1994-11-06T08:49:37.000Z'],
    ['9110-5.6.7', 'the form of asctime', 'Sun Nov  6 08:49:37 1994', '1994-11-06T08:49:37.000Z'],
    ['9110-5.6.7', 'asctime with two digits of a day', 'Wed Nov 16 08:49:37 1994', '1994-11-16T08:49:37.000Z'],
    [
      '9110-5.6.7',
      'two digits less than 50 years ahead',
      'Thursday, 18-Aug-50 02:01:18 GMT',
      '2050-08-18T02:01:18.000Z',
    ],
    ['9110-5.6.7', 'two digits exactly 50 years ahead', 'Friday, 01-Jan-77 00:00:00 GMT', '2077-01-01T00:00:00.000Z'],
    ['9110-5.6.7', 'two digits more than 50 years ahead', 'Sunday, 01-Jan-78 00:00:00 GMT', '1978-01-01T00:00:00.000Z'],
    ['9110-5.6.7', 'a leap second', 'Sat, 31 Dec 2016 23:59:60 GMT', '2016-12-31T23:59:59.000Z'],
    ['9111-4.2', 'a weekday in any case', 'THU, 18 Aug 2050 02:01:18 GMT', '2050-08-18T02:01:18.000Z'],
    ['9111-4.2', 'a month in any case', 'Thu, 18 AUG 2050 02:01:18 GMT', '2050-08-18T02:01:18.000Z'],
    ['9111-4.2', 'the zone in any case', 'Thu, 18 Aug 2050 02:01:18 gMT', '2050-08-18T02:01:18.000Z'],
    ['9110-5.6.7', 'beyond 32 bits', 'Sun, 21 Nov 2286 04:46:39 GMT', '2286-11-21T04:46:39.000Z'],
    ['9111-5.3', '0 is no date', '0', null],
    ['9111-5.3', 'nothing is no date', '', null],
    ['9110-5.6.7', 'no other zone', 'Thu, 18 Aug 2050 02:01:18 UTC', null],
    ['9110-5.6.7', 'nor one of Australia', 'Thu, 18 Aug 2050 02:01:18 AEST', null],
    ['9110-5.6.7', 'no two digits in the preferred form', 'Thu, 18 Aug 50 02:01:18 GMT', null],
    ['9110-5.6.7', 'a comma', 'Thu 18 Aug 2050 02:01:18 GMT', null],
    ['9110-5.6.7', 'single spaces', 'Thu, 18  Aug  2050 02:01:18 GMT', null],
    ['9110-5.6.7', 'no dashes with four digits', 'Thu, 18-Aug-2050 02:01:18 GMT', null],
    ['9110-5.6.7', 'no periods', 'Thu, 18 Aug 2050 02.01.18 GMT', null],
    ['9110-5.6.7', 'two digits of an hour', 'Thu, 18 Aug 2050 2:01:18 GMT', null],
    ['9110-5.6.7', 'no hour 24', 'Thu, 18 Aug 2050 24:01:18 GMT', null],
    ['9110-5.6.7', 'no 30th of February', 'Thu, 30 Feb 2050 02:01:18 GMT', null],
    ['9110-5.6.7', 'no day 0', 'Thu, 00 Feb 2050 02:01:18 GMT', null],
    ['9110-5.6.7', 'not two dates', 'Thu, 18 Aug 2050 02:01:18 GMT, Thu, 18 Aug 2050 02:01:18 GMT', null],
  ],
  (text) => {
    const time = parseHttpDate(text, NOW)
    return time === null ? null : new Date(time).toISOString()
  },
)

table<string, string[]>(
  'lists',
  [
    ['9110-5.6.1', 'blanks do not count', 'a , b\t,c', ['a', 'b', 'c']],
    ['9110-5.6.1.2', 'empty members do not count', ',a,, ,b,', ['a', 'b']],
    ['9110-5.6.4', 'a comma in a quoted string separates nothing', 'a="1, 2", b', ['a="1, 2"', 'b']],
    ['9110-5.6.4', 'nor behind a quoted quote', String.raw`a="1\", 2", b`, [String.raw`a="1\", 2"`, 'b']],
    ['9110-5.6.4', 'an open string ends with the field', 'a="1, 2', ['a="1, 2']],
  ],
  members,
)

table<string, string>(
  'quoted strings',
  [
    ['9110-5.6.4', 'without its quotes', '"a b"', 'a b'],
    ['9110-5.6.4', 'without its backslashes', String.raw`"a\"b\\"`, String.raw`a"b\ `.trim()],
    ['9110-5.6.4', 'an open one is none', '"a', '"a'],
    ['9110-5.6.2', 'a token is itself', 'abc', 'abc'],
  ],
  unquoted,
)

table<string, Record<string, string | null>>(
  'directives of Cache-Control',
  [
    ['9111-5.2', 'a name', 'no-store', { 'no-store': null }],
    ['9111-5.2', 'a name in any case', 'No-StOrE, MaX-aGe=1', { 'no-store': null, 'max-age': '1' }],
    ['9111-5.2', 'a token', 'max-age=3600', { 'max-age': '3600' }],
    ['9111-5.2', 'the same as a quoted string', 'max-age="3600"', { 'max-age': '3600' }],
    ['9111-5.2', 'a name in a quoted string is none', 'x="max-age=9", max-age=1', { x: 'max-age=9', 'max-age': '1' }],
    ['9111-5.2.3', 'extensions', 'foobar, max-age=1', { foobar: null, 'max-age': '1' }],
    ['9111-4.2.1', 'the same twice', 'max-age=1, max-age=1', { 'max-age': '1' }],
    ['9111-4.2.1', 'two values: neither', 'max-age=1800, max-age=1', { 'max-age': '' }],
    ['9111-5.2', 'no blanks before =', 'max-age =9', { 'max-age': '' }],
    ['9111-5.2', 'no blanks behind =', 'max-age= 9', { 'max-age': '' }],
    ['9111-5.2.2.7', 'two lists of private', 'private="a", private="b"', { private: 'a,b' }],
    ['9111-5.2.2.7', 'private with and without a list', 'private="a", private', { private: null }],
    ['9111-5.2.2.4', 'no-cache without and with a list', 'no-cache, no-cache="a"', { 'no-cache': null }],
    ['9110-5.6.1.2', 'nothing', ', ,', {}],
  ],
  (text) => Object.fromEntries(parseDirectives(text)),
)

table<string, number | null>(
  'seconds',
  [
    ['9111-1.2.2', 'digits', 'max-age=3600', 3600],
    ['9111-1.2.2', 'with zeros before', 'max-age=003600', 3600],
    ['9111-1.2.2', 'none', 'max-age=0', 0],
    ['9111-1.2.2', 'the largest', 'max-age=2147483648', 2 ** 31],
    ['9111-1.2.2', 'more than the largest', 'max-age=99999999999', 2 ** 31],
    ['9111-1.2.2', 'more than a number holds', `max-age=${'9'.repeat(400)}`, 2 ** 31],
    ['9111-1.2.2', 'absent', 'public', null],
    ['9111-1.2.2', 'no value', 'max-age', Number.NaN],
    ['9111-1.2.2', 'empty', 'max-age=', Number.NaN],
    ['9111-1.2.2', 'negative', 'max-age=-3600', Number.NaN],
    ['9111-1.2.2', 'a fraction', 'max-age=3600.0', Number.NaN],
    ['9111-1.2.2', 'letters before', 'max-age=a3600', Number.NaN],
    ['9111-1.2.2', 'letters behind', 'max-age=3600a', Number.NaN],
    ['9111-1.2.2', 'single quotes', "max-age='3600'", Number.NaN],
    ['9111-1.2.2', 'an exponent', 'max-age=1e3', Number.NaN],
    ['9111-1.2.2', 'hexadecimal', 'max-age=0x10', Number.NaN],
  ],
  (text) => seconds(parseDirectives(text), 'max-age'),
)

table<string, readonly string[] | 'all' | null>(
  'lists of fields',
  [
    ['9111-5.2.2.7', 'without a list', 'private', 'all'],
    ['9111-5.2.2.7', 'absent', 'public', null],
    ['9111-5.2.2.7', 'one field', 'private="Set-Cookie"', ['set-cookie']],
    ['9111-5.2.2.7', 'two', 'private="a, b"', ['a', 'b']],
    ['9111-5.2.2.7', 'a token', 'private=a', ['a']],
    ['9111-5.2.2.7', 'what is no name: everything', 'private="a b"', 'all'],
    ['9111-5.2.2.7', 'an empty list: everything', 'private=""', 'all'],
  ],
  (text) => listedFields(parseDirectives(text), 'private'),
)

table<string, string | null>(
  'dictionaries of structured fields',
  [
    ['9651-4.2.2', 'a flag and a number', 'must-revalidate, max-age=600', 'must-revalidate=true max-age=600'],
    ['9651-4.2.2', 'no blanks before =', 'max-age =100', null],
    ['9651-4.2.2', 'no blanks behind =', 'max-age= 100', null],
    ['9651-4.2.2', 'keys in lower case only', 'MaX-aGe=3600', null],
    ['9651-4.2.2', 'no comma at the end', 'max-age=1,', null],
    ['9651-4.2.2', 'no empty member', 'max-age=1,,b', null],
    ['9651-4.2.2', 'the last of two counts', 'a=1, a=2', 'a=2'],
    ['9651-4.2.2', 'nothing', '', ''],
    ['9651-4.2.3.2', 'parameters', 'max-age=1;x;y=2', 'max-age=1'],
    ['9651-4.2.3.2', 'broken parameters', 'max-age=1;=2', null],
    ['9651-4.2.3.1', 'what begins no item', 'max-age=10000, &&&&&', null],
    ['9651-3.3.6', 'false', 'a=?0', 'a=false'],
    ['9651-3.3.3', 'a string', 'private="a, b"', 'private=a, b'],
    ['9651-3.3.3', 'an open string', 'private="a', null],
    ['9651-3.3.4', 'a token', 'a=b', 'a=b'],
    ['9651-3.3.2', 'a decimal', 'max-age=1.5', 'max-age=other'],
    ['9651-3.3.2', 'a decimal with four digits', 'max-age=1.5555', null],
    ['9651-3.3.1', 'too many digits', 'max-age=1234567890123456', null],
    ['9651-3.3.1', 'a negative number', 'max-age=-1', 'max-age=-1'],
    ['9651-3.3.5', 'bytes', 'a=:aGk=:', 'a=other'],
    ['9651-3.1.1', 'an inner list', 'a=(b c), d', 'a=other d=true'],
    ['9651-3.1.1', 'an open inner list', 'a=(b c', null],
    ['9651-4.2', 'blanks around members', 'a \t,\t b', 'a=true b=true'],
  ],
  (text) => {
    const found = parseDictionary(text)
    if (found === null) return null
    return [...found].map(([key, item]) => `${key}=${'value' in item ? item.value : item.type}`).join(' ')
  },
)

table<string, string>(
  'targeted fields',
  [
    ['9213-2.2', 'only Cache-Control', 'Cache-Control: max-age=1', 'null max-age=1'],
    [
      '9213-2.2',
      'a targeted field goes first',
      'Cache-Control: max-age=1 | CDN-Cache-Control: max-age=9',
      'cdn max-age=9',
    ],
    [
      '9213-2.2',
      'ours goes before',
      'CDN-Cache-Control: max-age=1 | Polycdn-Cache-Control: max-age=9',
      'polycdn max-age=9',
    ],
    [
      '9213-2.2',
      'directives of others do not mix in',
      'Cache-Control: no-store | CDN-Cache-Control: max-age=9',
      'cdn max-age=9',
    ],
    ['9213-2.2', 'an empty one does not count', 'Cache-Control: max-age=1 | CDN-Cache-Control: ', 'null max-age=1'],
    [
      '9213-2.2',
      'nor one that fails to parse',
      'Cache-Control: max-age=1 | CDN-Cache-Control: max-age=9, &',
      'null max-age=1',
    ],
    [
      '9213-2.2',
      'two lines are one',
      'CDN-Cache-Control: max-age=9 | CDN-Cache-Control: private',
      'cdn max-age=9 private',
    ],
    ['9213-2.1', 'a value of another type', 'CDN-Cache-Control: max-age="9"', 'cdn max-age='],
    ['9213-2.1', 'a negative number', 'CDN-Cache-Control: max-age=-9', 'cdn max-age='],
    ['9213-2.1', 'a list of fields', 'CDN-Cache-Control: private="a"', 'cdn private=a'],
    ['9213-2.1', 'what is false is not there', 'CDN-Cache-Control: no-store=?0, max-age=1', 'cdn max-age=1'],
  ],
  (text) => {
    const { directives, target } = responseDirectives(fields(text))
    const shown = [...directives].map(([name, value]) => (value === null ? name : `${name}=${value}`))
    return [target?.replace('-cache-control', '') ?? 'null', ...shown].join(' ')
  },
)

table<string, number>(
  'the value of Age',
  [
    ['9111-5.1', 'a number', 'Age: 30', 30],
    ['9111-5.1', 'absent', '', 0],
    ['9111-5.1', 'no number', 'Age: abc', 0],
    ['9111-5.1', 'negative', 'Age: -7200', 0],
    ['9111-5.1', 'a fraction', 'Age: 7200.0', 0],
    ['9111-5.1', 'with a parameter', 'Age: 7200;foo=bar', 0],
    ['9111-5.1', 'the first member', 'Age: 7200, 0', 7200],
    ['9111-5.1', 'the first member, young', 'Age: 0, 7200', 0],
    ['9111-5.1', 'the first line', 'Age: 7200 | Age: 0', 7200],
    ['9111-5.1', 'the first line, young', 'Age: 0 | Age: 7200', 0],
    ['9111-1.2.2', 'more than the largest', 'Age: 2147483649', 2 ** 31],
  ],
  (text) => ageValue(fields(text)),
)

table<{ age: number; date: number | null; requestTime: number; responseTime: number }, number>(
  'the age of an answer when it comes',
  [
    ['9111-4.2.3', 'made just now', { age: 0, date: 5000, requestTime: 5000, responseTime: 5000 }, 0],
    ['9111-4.2.3', 'apparent_age', { age: 0, date: 2000, requestTime: 5000, responseTime: 5000 }, 3000],
    ['9111-4.2.3', 'a Date ahead of us is no age', { age: 0, date: 9000, requestTime: 5000, responseTime: 5000 }, 0],
    ['9111-4.2.3', 'response_delay', { age: 0, date: 5000, requestTime: 3000, responseTime: 5000 }, 2000],
    ['9111-4.2.3', 'corrected_age_value', { age: 7, date: 5000, requestTime: 3000, responseTime: 5000 }, 9000],
    ['9111-4.2.3', 'the larger of both', { age: 7, date: -9000, requestTime: 5000, responseTime: 5000 }, 14000],
    ['9110-6.6.1', 'without Date', { age: 7, date: null, requestTime: 5000, responseTime: 5000 }, 7000],
    ['own', 'a clock that was set back', { age: 0, date: 5000, requestTime: 9000, responseTime: 5000 }, 0],
  ],
  ({ age, date, requestTime, responseTime }) => initialAge(age, date, { requestTime, responseTime }),
)

table<[initial: number, response: number, now: number], string>(
  'Age as sent',
  [
    ['9111-4.2.3', 'the time in store is added', [2000, 5000, 8000], '5'],
    ['9111-5.1', 'whole seconds', [0, 0, 1999], '1'],
    ['9111-1.2.2', 'never more than the largest', [1e15, 0, 0], '2147483648'],
    ['own', 'a clock that was set back', [2000, 5000, 0], '2'],
  ],
  ([initial, responseTime, now]) => ageField(currentAge({ initialAge: initial, responseTime }, now)),
)
