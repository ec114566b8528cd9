import t from 'tap'
import { requestHead } from '../../../src/delivery/wire/request-head.ts'

const HOST = ['Host', 'a.test']

t.test('a request as it is sent', async (t) => {
  const text = requestHead({
    method: 'GET',
    path: '/a%20b?c=\xff',
    headers: [...HOST, 'X-Odd', 'a\tb\xe9', 'x-empty', ''],
  })
  const fields = 'connection: keep-alive\r\nHost: a.test\r\nX-Odd: a\tb\xe9\r\nx-empty: \r\n'
  t.equal(text, `GET /a%20b?c=\xff HTTP/1.1\r\n${fields}\r\n`)
  t.match(requestHead({ method: 'HEAD', path: '/', headers: [] }), /^HEAD \/ HTTP\/1\.1\r\n/)
})

t.test('what would be read as something else is not sent', async (t) => {
  const refused = { code: 'internal_error' }
  for (const method of ['POST', 'get', 'GET /x HTTP/1.1\r\n', '']) {
    t.throws(() => requestHead({ method, path: '/', headers: HOST }), refused, method)
  }
  for (const path of ['', '*', 'a', '/a b', '/a\r\nb', '/\x00', '/\x7f', '/\u0100', 'http://a/']) {
    t.throws(() => requestHead({ method: 'GET', path, headers: HOST }), refused, path)
  }
  for (const [name, value] of [
    ['x', 'a\nb'],
    ['x', 'a\rb'],
    ['x', 'a\x00b'],
    ['x', '\u0100'],
    ['x y', 'a'],
    ['x:', 'a'],
    ['', 'a'],
    ['x\r\n', 'a'],
    ['Expect', '100-continue'],
    ['transfer-encoding', 'chunked'],
    ['Content-Length', '0'],
    ['connection', 'close'],
    ['keep-alive', 'timeout=5'],
    ['upgrade', 'h2c'],
    ['HOST', 'b.test'],
  ]) {
    t.throws(
      () => requestHead({ method: 'GET', path: '/', headers: [...HOST, name!, value!] }),
      refused,
      `${name}: ${value}`,
    )
  }
})
