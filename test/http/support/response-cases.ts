import type { Step } from '../../helpers/scripted-upstream.ts'

/** What a client must see: a 502, an answer that is visibly cut, or this status and body. */
export type Verdict = 'refused' | 'cut' | readonly [status: number, body: string]

/** What an upstream sends to one request, and the clause or advisory that says why it matters. */
export interface ResponseCase {
  readonly clause: string
  readonly what: string
  readonly steps: readonly Step[]
  readonly verdict: Verdict
  /** Default GET without further fields. */
  readonly method?: 'GET' | 'HEAD'
  readonly fields?: string
  /** The answer's fields may have this nowhere. */
  readonly without?: RegExp
}

const OK = 'HTTP/1.1 200 OK\r\n'
const TWO = 'Content-Length: 2\r\n\r\nok'
const CODED = 'Transfer-Encoding: chunked\r\n'
const CHUNKS = '2\r\nok\r\n0\r\n\r\n'
const GOOD: Verdict = [200, 'ok']
/** What a smuggler would like the next client to read. */
const EVIL = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'

type Row = readonly [clause: string, what: string, bytes: string | readonly Step[], verdict?: Verdict]

function rows(defaults: Verdict, table: readonly Row[], over: Partial<ResponseCase> = {}): ResponseCase[] {
  return table.map(([clause, what, bytes, verdict = defaults]) => {
    return { clause, what, steps: typeof bytes === 'string' ? [bytes] : bytes, verdict, ...over }
  })
}

const STATUS_LINES = rows('refused', [
  ['9112 2.3', 'HTTP/2.0', `HTTP/2.0 200 OK\r\n${TWO}`],
  ['9112 2.3', 'HTTP/0.9 with a head', `HTTP/0.9 200 OK\r\n${TWO}`],
  ['9112 2.3', 'HTTP/1.2', `HTTP/1.2 200 OK\r\n${TWO}`],
  ['9112 2.3', 'HTTP/1.11', `HTTP/1.11 200 OK\r\n${TWO}`],
  ['9112 2.3', 'a version in lower case', `http/1.1 200 OK\r\n${TWO}`],
  ['9112 4', 'ICY', `ICY 200 OK\r\n${TWO}`],
  ['1945 3.1', 'a bare body', ['<html>ok</html>', 'end!']],
  ['9112 4', 'two digits', `HTTP/1.1 20 OK\r\n${TWO}`],
  ['9112 4', 'four digits', `HTTP/1.1 2000 OK\r\n${TWO}`],
  ['9112 4', 'a negative status', `HTTP/1.1 -200 OK\r\n${TWO}`],
  ['9110 15', 'status 000', `HTTP/1.1 000 OK\r\n${TWO}`],
  ['9110 15', 'status 099', `HTTP/1.1 099 OK\r\n${TWO}`],
  ['9110 15', 'status 600', `HTTP/1.1 600 OK\r\n${TWO}`],
  ['9110 15', 'status 999', `HTTP/1.1 999 OK\r\n${TWO}`],
  ['9112 4', 'two spaces', `HTTP/1.1  200 OK\r\n${TWO}`],
  ['9112 4', 'a tab', `HTTP/1.1\t200 OK\r\n${TWO}`],
  ['9112 4', 'a space in front', ` HTTP/1.1 200 OK\r\n${TWO}`],
  ['9112 2.2', 'a bare LF after the status', `HTTP/1.1 200 OK\n${TWO}`],
  ['9112 2.2', 'a bare CR in the reason', `HTTP/1.1 200 O\rSet-Cookie: evil=1\r\n${TWO}`],
  ['9112 4', 'no reason', `HTTP/1.1 200\r\n${TWO}`, GOOD],
  ['9112 4', 'an empty reason', `HTTP/1.1 200 \r\n${TWO}`, GOOD],
  ['9112 4', 'control bytes in the reason, which is ours', `HTTP/1.1 200 O\x01\x00K\r\n${TWO}`, GOOD],
  ['9112 2.3', 'HTTP/1.0', `HTTP/1.0 200 OK\r\n${TWO}`, GOOD],
])

const LENGTHS = rows('refused', [
  ['9112 6.3', 'two equal lengths', `${OK}Content-Length: 2\r\n${TWO}`],
  ['9112 6.3', 'two lengths', `${OK}Content-Length: 2\r\nContent-Length: 9\r\n\r\nok`],
  ['9112 6.3', 'a list of lengths', `${OK}Content-Length: 2, 2\r\n\r\nok`],
  ['9110 8.6', 'a plus', `${OK}Content-Length: +2\r\n\r\nok`],
  ['9110 8.6', 'a minus', `${OK}Content-Length: -2\r\n\r\nok`],
  ['9110 8.6', 'hexadecimal', `${OK}Content-Length: 0x2\r\n\r\nok`],
  ['9110 8.6', 'empty', `${OK}Content-Length:\r\n\r\nok`],
  ['9110 8.6', 'empty and then one', `${OK}Content-Length: \r\n${TWO}`],
  ['9110 8.6', 'two numbers', `${OK}Content-Length: 1 2\r\n\r\nok`],
  ['9110 8.6', 'more than 2^53', `${OK}Content-Length: 9007199254740993\r\n\r\nok`],
  ['9110 8.6', 'more than 2^64', `${OK}Content-Length: 18446744073709551618\r\n\r\nok`],
  ['9112 6.3', 'a length and chunks (CVE-2022-31394 and kin)', `${OK}Content-Length: 2\r\n${CODED}\r\n${CHUNKS}`],
  ['9112 6.3', 'chunks and a length', `${OK}${CODED}Content-Length: 2\r\n\r\n${CHUNKS}`],
  ['9110 8.6', 'leading zeros', `${OK}Content-Length: 0002\r\n\r\nok`, GOOD],
])

const CODINGS = rows('refused', [
  ['9112 6.1', 'chunked twice in a list', `${OK}Transfer-Encoding: chunked, chunked\r\n\r\n${CHUNKS}`],
  ['9112 6.1', 'chunked twice in lines', `${OK}${CODED}${CODED}\r\n${CHUNKS}`],
  ['9112 6.1', 'gzip, chunked', `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n${CHUNKS}`],
  ['9112 6.1', 'identity', [`${OK}Transfer-Encoding: identity\r\n\r\nok`, 'end!']],
  ['9112 6.1', 'xchunked', [`${OK}Transfer-Encoding: xchunked\r\n\r\nok`, 'end!']],
  ['9112 6.1', 'quoted', [`${OK}Transfer-Encoding: "chunked"\r\n\r\nok`, 'end!']],
  ['9112 6.1', 'with a parameter', [`${OK}Transfer-Encoding: chunked;a=b\r\n\r\nok`, 'end!']],
  ['9112 6.1', 'empty', `${OK}Transfer-Encoding:\r\n${TWO}`],
  ['9112 6.1', 'a vertical tab', `${OK}Transfer-Encoding: \x0bchunked\r\n\r\n${CHUNKS}`],
  ['9110 5.6.3', 'a no-break space, which is none', [`${OK}Transfer-Encoding: chunked\xa0\r\n\r\n${CHUNKS}`, 'end!']],
  ['9112 6.1', 'on HTTP/1.0', `HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n${CODED}\r\n${CHUNKS}`],
  ['9112 6.1', 'on 204', `HTTP/1.1 204 No Content\r\n${CODED}\r\n${CHUNKS}`],
  ['9112 6.1', 'on 103', `HTTP/1.1 103 Early Hints\r\n${CODED}\r\n${OK}${TWO}`],
  ['9112 7', 'in capitals', `${OK}Transfer-Encoding: CHUNKED\r\n\r\n${CHUNKS}`, GOOD],
])

const FIELDS = rows('refused', [
  ['9112 5.1', 'white space before the colon', `${OK}Content-Length : 2\r\n\r\nok`],
  ['9110 5.1', 'a space in a name', `${OK}X y: 1\r\n${TWO}`],
  ['9110 5.1', 'NUL in a name', `${OK}X\x00y: 1\r\n${TWO}`],
  ['9110 5.1', 'a control byte in a name', `${OK}X\x01y: 1\r\n${TWO}`],
  ['9110 5.1', 'a byte beyond ASCII in a name', `${OK}X\xffy: 1\r\n${TWO}`],
  ['9110 5.1', 'a bracket in a name', `${OK}X(y: 1\r\n${TWO}`],
  ['9110 5.1', 'an empty name', `${OK}: 1\r\n${TWO}`],
  ['9112 5', 'no colon', `${OK}Xabc\r\n${TWO}`],
  ['9110 5.5', 'NUL in a value', `${OK}X: a\x00b\r\n${TWO}`],
  ['9110 5.5', 'a control byte in a value', `${OK}X: a\x01b\r\n${TWO}`],
  ['9110 5.5', 'DEL in a value', `${OK}X: a\x7fb\r\n${TWO}`],
  ['9112 2.2', 'a bare CR in a value (response splitting, CWE-113)', `${OK}X: a\rSet-Cookie: evil=1\r\n${TWO}`],
  ['9112 2.2', 'a bare LF in a value', `${OK}X: a\nSet-Cookie: evil=1\r\n${TWO}`],
  ['9112 2.2', 'a bare LF at the end of the head', `${OK}Content-Length: 2\r\n\nok`],
  ['9112 5.2', 'a folded value', `${OK}X: a\r\n b\r\n${TWO}`],
  ['9112 5.2', 'a folded length', `${OK}Content-Length:\r\n 2\r\n\r\nok`],
  ['9112 2.2', 'a space before the first field', `${OK} X: a\r\n${TWO}`],
  ['9110 5.4', 'a value of 100 KiB', `${OK}X: ${'x'.repeat(100_000)}\r\n${TWO}`],
  ['9110 5.4', '5,000 fields', `${OK}${'x: 1\r\n'.repeat(5_000)}${TWO}`],
  ['9110 5.4', '20,000 empty fields', `${OK}${'x:\r\n'.repeat(20_000)}${TWO}`],
  ['9110 5.4', 'an endless field', `${OK}X: ${'x'.repeat(1 << 20)}`],
  ['9110 5.5', 'a byte beyond ASCII in a value', `${OK}X: a\xffb\r\n${TWO}`, GOOD],
  ['9110 5.4', '500 fields', `${OK}${'x: 1\r\n'.repeat(500)}${TWO}`, GOOD],
])

const INTERIM = rows('refused', [
  ['9110 15.2', 'a flood of 102', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(1000)],
  ['9110 15.2', 'a flood of 100', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(1000)],
  ['8297 2', 'nine 103 and an answer', `${'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n'.repeat(9)}${OK}${TWO}`],
  ['8297 2', 'a 103 of 100 KiB', `HTTP/1.1 103 Early Hints\r\nLink: ${'x'.repeat(100_000)}\r\n\r\n${OK}${TWO}`],
  ['9110 8.6', 'a 103 with a length', `HTTP/1.1 103 Early Hints\r\nContent-Length: ${EVIL.length}\r\n\r\n${EVIL}`],
  ['9110 15.2.2', 'a 101 nobody asked for', `HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n${EVIL}`],
  ['9110 15.2.2', 'a 101 without a protocol', `HTTP/1.1 101 X\r\n\r\n${EVIL}`],
  ['9110 15.2.1', 'a 100 nobody asked for', `HTTP/1.1 100 Continue\r\n\r\n${OK}${TWO}`, GOOD],
  ['2518 10.1', 'a 102', `HTTP/1.1 102 Processing\r\n\r\n${OK}${TWO}`, GOOD],
  ['8297 2', 'eight 103', `${'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n'.repeat(8)}${OK}${TWO}`, GOOD],
])

const ENDS = rows('refused', [
  ['9112 8', 'FIN before the head', ['end!']],
  ['9112 8', 'RST before the head', ['reset!']],
  ['9112 8', 'FIN in the head', [`${OK}Content-Le`, 'end!']],
  ['9112 8', 'RST in the head', [`${OK}Content-Le`, 'reset!']],
])

const BODIES = rows('cut', [
  ['9112 8', 'FIN before the length', [`${OK}Content-Length: 9\r\n\r\nok`, 'end!']],
  ['9112 8', 'FIN in a chunk', [`${OK}${CODED}\r\n9\r\nok`, 'end!']],
  ['9112 8', 'FIN between chunks', [`${OK}${CODED}\r\n2\r\nok\r\n`, 'end!']],
  ['9112 8', 'FIN in the last chunk', [`${OK}${CODED}\r\n2\r\nok\r\n0\r\n`, 'end!']],
  ['9112 7.1', 'a bare LF after a chunk size', `${OK}${CODED}\r\n2\nok\n0\n\n`],
  ['9112 7.1', 'a bare LF after a chunk', `${OK}${CODED}\r\n2\r\nok\n0\r\n\r\n`],
  ['9112 7.1', 'a space after a chunk size', `${OK}${CODED}\r\n2 \r\nok\r\n0\r\n\r\n`],
  ['9112 7.1', 'a plus before a chunk size', `${OK}${CODED}\r\n+2\r\nok\r\n0\r\n\r\n`],
  ['9112 7.1', 'a minus before a chunk size', `${OK}${CODED}\r\n-2\r\nok\r\n0\r\n\r\n`],
  ['9112 7.1', '0x before a chunk size', `${OK}${CODED}\r\n0x2\r\nok\r\n0\r\n\r\n`],
  ['9112 7.1', 'a chunk size beyond 2^64', `${OK}${CODED}\r\n10000000000000002\r\nok\r\n0\r\n\r\n`],
  ['9112 7.1', 'no chunk size', `${OK}${CODED}\r\n\r\nok\r\n0\r\n\r\n`],
  ['9112 7.1', 'a chunk longer than its size', `${OK}${CODED}\r\n2\r\nokXX\r\n0\r\n\r\n`],
  ['9112 7.1.1', 'a bare LF in an extension', `${OK}${CODED}\r\n2;a\nok\r\n0\r\n\r\n`],
  ['9112 7.1.1', 'a bare CR in an extension', `${OK}${CODED}\r\n2;a\rb\r\nok\r\n0\r\n\r\n`],
  ['9110 6.5.1', 'a trailer that frames', `${OK}${CODED}\r\n2\r\nok\r\n0\r\nContent-Length: 9\r\n\r\n`],
  ['9112 7.1.2', 'a trailer with a space in its name', `${OK}${CODED}\r\n2\r\nok\r\n0\r\nX y: 1\r\n\r\n`],
  ['9112 7.1.2', 'a trailer of 100 KiB', `${OK}${CODED}\r\n2\r\nok\r\n0\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`],
  ['9112 7.1.1', 'an extension with quotes', `${OK}${CODED}\r\n2;a="b;\\""\r\nok\r\n0\r\n\r\n`, GOOD],
  ['9112 7.1', 'leading zeros', `${OK}${CODED}\r\n0000000000000000002\r\nok\r\n0\r\n\r\n`, GOOD],
  ['9112 6.3', 'a body until FIN', [`${OK}\r\nok`, 'end!'], GOOD],
])

const TRAILING = rows(GOOD, [
  ['9112 6.3', 'garbage after the length', `${OK}${TWO}EXTRA`],
  ['9112 6.3', 'an answer after the length (response queue poisoning)', `${OK}${TWO}${EVIL}`],
  ['9112 6.3', 'an answer after the last chunk', `${OK}${CODED}\r\n${CHUNKS}${EVIL}`],
  ['9112 9.6', 'an answer after Connection: close', `${OK}Connection: close\r\n${TWO}${EVIL}`],
  [
    '9110 15.3.5',
    '204 with a body',
    `HTTP/1.1 204 No Content\r\nContent-Length: ${EVIL.length}\r\n\r\n${EVIL}`,
    [204, ''],
  ],
  ['9110 15.3.5', '204 and an answer', `HTTP/1.1 204 No Content\r\n\r\n${EVIL}`, [204, '']],
  ['9110 15.4.5', '304 with a body', `HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\nevil`, [304, '']],
  ['9112 6.1', '304 with chunks', `HTTP/1.1 304 Not Modified\r\n${CODED}\r\n4\r\nevil\r\n0\r\n\r\n`, [304, '']],
])

const TO_HEAD = rows(
  [200, ''],
  [
    ['9110 9.3.2', 'HEAD with a body', `${OK}Content-Length: 4\r\n\r\nevil`],
    ['9110 9.3.2', 'HEAD with chunks', `${OK}${CODED}\r\n4\r\nevil\r\n0\r\n\r\n`],
    ['9110 9.3.2', 'HEAD with an answer as its body', `${OK}Content-Length: ${EVIL.length}\r\n\r\n${EVIL}`],
    ['9112 6.3', 'HEAD with two framings', `${OK}Content-Length: 2\r\n${CODED}\r\n`, 'refused'],
  ],
  { method: 'HEAD' },
)

const part = (range: string) => `HTTP/1.1 206 Partial Content\r\nContent-Range: ${range}\r\n${TWO}`

const UNASKED_PARTS = rows('refused', [
  ['9110 15.3.7', '206 nobody asked for', part('bytes 0-1/9')],
  ['9110 15.3.7', '206 without Content-Range', `HTTP/1.1 206 Partial Content\r\n${TWO}`],
  ['9110 14.4', '206 of another unit is none of our business', part('items 0-1/9'), [206, 'ok']],
])

const PARTS = rows(
  'refused',
  [
    ['9110 15.3.7', '206 without Content-Range', `HTTP/1.1 206 Partial Content\r\n${TWO}`],
    ['9110 14.4', 'another first byte', part('bytes 5-6/9')],
    ['9110 14.4', 'more than was asked for', part('bytes 0-2/9')],
    ['9110 14.4', 'a range beyond the end', part('bytes 0-9/5')],
    ['9110 14.4', 'a range that ends before it begins', part('bytes 1-0/9')],
    ['9110 14.4', 'two ranges', part('bytes 0-1/9\r\nContent-Range: bytes 0-1/9')],
    ['9110 15.3.7.1', 'another length than the range', `${part('bytes 0-0/9')}`],
    ['9110 15.3.7', 'the part', part('bytes 0-1/9'), [206, 'ok']],
    ['9110 14.2', '200 with the whole', `${OK}${TWO}`, GOOD],
    ['9110 15.5.17', '416', `HTTP/1.1 416 No\r\nContent-Range: bytes */1\r\n${TWO}`, [416, 'ok']],
  ],
  { fields: 'Range: bytes=0-1\r\n' },
)

const HOPS = rows(
  GOOD,
  [
    [
      '9110 7.6.1',
      'fields of the hop',
      `${OK}Connection: X-Secret, keep-alive\r\nX-Secret: 1\r\nKeep-Alive: evil\r\n${TWO}`,
    ],
    ['9110 7.8', 'an Upgrade that is offered', `${OK}Connection: upgrade\r\nUpgrade: h2c\r\n${TWO}`],
    ['9110 7.6.1', 'Proxy-Connection', `${OK}Proxy-Connection: close\r\n${TWO}`],
    ['9110 11.7.1', 'Proxy-Authenticate', `${OK}Proxy-Authenticate: Basic\r\n${TWO}`],
    ['7838 2', 'Alt-Svc', `${OK}Alt-Svc: h3="evil:443"\r\n${TWO}`],
    ['ours', 'a decision that is not ours', `${OK}Polycdn-Decision: x\r\n${TWO}`],
    ['9110 7.6.1', 'Connection of 20,000 names', `${OK}Connection: ${'a,'.repeat(20_000)}\r\n${TWO}`],
    [
      '9110 6.5.1',
      'trailers, which are dropped',
      `${OK}${CODED}Trailer: X-Secret\r\n\r\n2\r\nok\r\n0\r\nX-Secret: 1\r\n\r\n`,
    ],
  ],
  { without: /^(?:x-secret|upgrade|proxy-.*|alt-svc|polycdn-.*|trailer|te)$/i },
)

export const RESPONSE_CASES: readonly ResponseCase[] = [
  ...STATUS_LINES,
  ...LENGTHS,
  ...CODINGS,
  ...FIELDS,
  ...INTERIM,
  ...ENDS,
  ...BODIES,
  ...TRAILING,
  ...TO_HEAD,
  ...UNASKED_PARTS,
  ...PARTS,
  ...HOPS,
]
