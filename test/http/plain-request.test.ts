import { Socket } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { PlainRequests } from '../../src/http/plain-request.ts'

const socket = new Socket()
const parse = (text: string, most = 16_384) => new PlainRequests(socket).read(Buffer.from(text, 'latin1'), most)
const head = (...lines: string[]) => `${lines.join('\r\n')}\r\n\r\n`

t.test('a plain request', async (t) => {
  const got = parse(
    head('GET /a?b=c HTTP/1.1', 'Host: a.test', 'X-Empty:', 'Accept:\t text/html ;q=1 \t', 'x-latin: \xe9'),
  )
  t.match(got, { method: 'GET', url: '/a?b=c', httpVersion: '1.1', httpVersionMajor: 1, complete: true })
  t.strictSame(got?.rawHeaders, ['Host', 'a.test', 'X-Empty', '', 'Accept', 'text/html ;q=1', 'x-latin', '\xe9'])
  t.strictSame({ ...got?.headers }, { host: 'a.test', 'x-empty': '', accept: 'text/html ;q=1', 'x-latin': '\xe9' })
  t.equal(got?.socket, socket)
})

t.test('what is plain too', async (t) => {
  t.equal(parse(head('HEAD / HTTP/1.1', 'Host: a'))?.method, 'HEAD')
  t.equal(parse(head('GET * HTTP/1.1'))?.url, '*', 'judged by who judges targets')
  t.ok(parse(head('GET / HTTP/1.1', 'Host: a', 'Connection: Keep-Alive')))
  t.equal(parse(head('GET / HTTP/1.1', '__proto__: x'))?.rawHeaders.length, 2)
})

t.test('a connection on which the header section is repeated', async (t) => {
  const requests = new PlainRequests(socket)
  const read = (text: string) => requests.read(Buffer.from(text, 'latin1'), 16_384)
  const first = read(head('GET /a HTTP/1.1', 'Host: a', 'X: 1'))
  const again = read(head('HEAD /b HTTP/1.1', 'Host: a', 'X: 1'))
  t.match(again, { method: 'HEAD', url: '/b' })
  t.equal(again?.rawHeaders, first?.rawHeaders, 'read once')
  t.strictSame(read(head('GET /a HTTP/1.1', 'Host: b', 'X: 1'))?.rawHeaders, ['Host', 'b', 'X', '1'])
  t.strictSame(read(head('GET /a HTTP/1.1', 'Y: 2', 'Host: b', 'X: 1'))?.rawHeaders, ['Y', '2', 'Host', 'b', 'X', '1'])
  t.strictSame(read(head('GET /a HTTP/1.1'))?.rawHeaders, [])
  t.strictSame(read(head('GET /a HTTP/1.1', 'Host: a'))?.rawHeaders, ['Host', 'a'], 'the shortest section ends all')
  for (const line of ['GET /a HTTP/1.0', 'POST /a HTTP/1.1', 'GET /a b HTTP/1.1', 'GET /a']) {
    t.equal(read(head(line, 'Host: a')), null, `${line}, then the same`)
  }
  t.equal(read(head('GET /a HTTP/1.1', 'Host: a').repeat(2)), null, 'two that are the same')
  t.equal(read(`\r\n${head('GET /a HTTP/1.1', 'Host: a')}`), null)
  t.equal(read(head('GET /a HTTP/1.1', 'Range: bytes=0-1')), null)
  t.equal(read(head('GET /b HTTP/1.1', 'Range: bytes=0-1')), null, 'what is not plain is not kept')
  const long = head('GET /a HTTP/1.1', `X: ${'x'.repeat(4_000)}`)
  t.not(read(long)?.rawHeaders, read(long)?.rawHeaders, 'what is long is not kept either')
})

/** Bytes that are in use. */
function heap(): number {
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
  return process.memoryUsage().heapUsed
}

t.test('an idle connection does not keep the target of its last request', async (t) => {
  const all: PlainRequests[] = []
  const before = heap()
  for (let at = 0; at < 2_000; at++) {
    const requests = new PlainRequests(socket)
    const text = head(`GET /${'x'.repeat(8_000)} HTTP/1.1`, 'Host: www.example.com', 'User-Agent: somebody')
    if (requests.read(Buffer.from(text, 'latin1'), 16_384) !== null) all.push(requests)
  }
  t.ok(heap() - before < 8 * 2 ** 20, '16 MB of targets')
  t.equal(all.length, 2_000, 'and each was read')
})

/** Everything else is for Node's parser, whatever becomes of it there. */
const OTHERS: readonly (readonly [why: string, text: string])[] = [
  ['nothing', ''],
  ['only the end of a head', '\r\n\r\n'],
  ['an empty line before', `\r\n${head('GET / HTTP/1.1', 'Host: a')}`],
  ['a part of a head', 'GET / HTTP/1.1\r\nHost: a\r\n'],
  ['more than one', head('GET / HTTP/1.1', 'Host: a').repeat(2)],
  ['something behind it', `${head('GET / HTTP/1.1', 'Host: a')}x`],
  ['another method', head('POST / HTTP/1.1', 'Host: a')],
  ['a method in lower case', head('get / HTTP/1.1', 'Host: a')],
  ['HTTP/1.0', head('GET / HTTP/1.0', 'Host: a')],
  ['HTTP/2.0', head('GET / HTTP/2.0', 'Host: a')],
  ['no version', head('GET /', 'Host: a')],
  ['two blanks', head('GET  / HTTP/1.1', 'Host: a')],
  ['a blank in the target', head('GET /a b HTTP/1.1', 'Host: a')],
  ['a control character in the target', head('GET /\x01 HTTP/1.1', 'Host: a')],
  ['a byte above ASCII in the target', head('GET /\xe9 HTTP/1.1', 'Host: a')],
  ['a blank behind a name (RFC 9112 section 5.1)', head('GET / HTTP/1.1', 'Host : a')],
  ['no name', head('GET / HTTP/1.1', ': a')],
  ['no colon', head('GET / HTTP/1.1', 'Host')],
  ['a folded line (RFC 9112 section 5.2)', head('GET / HTTP/1.1', 'Host: a', ' b')],
  ['a folded line that looks like a field', head('GET / HTTP/1.1', 'Host: a', '\tX: b')],
  ['NUL in a value', head('GET / HTTP/1.1', 'Host: a\0')],
  ['DEL in a value', head('GET / HTTP/1.1', 'Host: a\x7f')],
  ['CR in a value', head('GET / HTTP/1.1', 'Host: a\rb')],
  ['LF alone', 'GET / HTTP/1.1\nHost: a\n\n'],
  ['LF in a value', head('GET / HTTP/1.1', 'Host: a\nX: b')],
  ['a field twice', head('GET / HTTP/1.1', 'Host: a', 'host: b')],
  ['an empty field twice', head('GET / HTTP/1.1', 'X:', 'x:')],
  ['Content-Length', head('GET / HTTP/1.1', 'Host: a', 'Content-Length: 0')],
  ['Transfer-Encoding', head('GET / HTTP/1.1', 'Host: a', 'transfer-encoding: chunked')],
  ['Upgrade', head('GET / HTTP/1.1', 'Host: a', 'Upgrade: websocket')],
  ['Expect', head('GET / HTTP/1.1', 'Host: a', 'Expect: 100-continue')],
  ['Connection: close', head('GET / HTTP/1.1', 'Host: a', 'Connection: close')],
  ['another Connection', head('GET / HTTP/1.1', 'Host: a', 'Connection: keep-alive, x')],
  ['a condition', head('GET / HTTP/1.1', 'Host: a', 'If-None-Match: "a"')],
  ['a range', head('GET / HTTP/1.1', 'Host: a', 'Range: bytes=0-1')],
  ['what a client asks of the gateway itself', head('GET / HTTP/1.1', 'Host: a', 'Polycdn-Debug: 1')],
  ['Set-Cookie, which Node has as a list', head('GET / HTTP/1.1', 'Host: a', 'Set-Cookie: a=1')],
]

for (const [why, text] of OTHERS) {
  t.test(`not plain: ${why}`, async (t) => t.equal(parse(text), null))
}

t.test('not plain: more bytes than a head may have', async (t) => {
  const text = head('GET / HTTP/1.1', `X: ${'x'.repeat(100)}`)
  t.ok(parse(text, text.length))
  t.equal(parse(text, text.length - 1), null)
})
