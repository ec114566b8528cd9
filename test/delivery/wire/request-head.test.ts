import t from 'tap'
import { requestHead } from '../../../src/delivery/wire/request-head.ts'

const HOST = ['Host', 'a.test']

t.test('a request as it is sent', async (t) => {
  const text = requestHead({
    method: 'GET',
    path: '/a%20b?c=\xff',
    headers: ['X-Odd', 'a\tb\xe9', ...HOST, 'x-empty', ''],
  })
  const fields = 'host: a.test\r\nconnection: keep-alive\r\nX-Odd: a\tb\xe9\r\nx-empty: \r\n'
  t.equal(text, `GET /a%20b?c=\xff HTTP/1.1\r\n${fields}\r\n`)
  t.match(
    requestHead({ method: 'HEAD', path: '/', headers: HOST }),
    /^HEAD \/ HTTP\/1\.1\r\nhost: a\.test\r\nconnection: close\r\n/,
  )
})

t.test('what would be read as something else is not sent', async (t) => {
  const refused = { code: 'internal_error' }
  for (const method of ['POST', 'get', 'GET /x HTTP/1.1\r\n', '']) {
    t.throws(() => requestHead({ method, path: '/', headers: HOST }), refused, method)
  }
  for (const path of ['', '*', 'a', '/a b', '/a\r\nb', '/\x00', '/\x7f', '/\u0100', 'http://a/']) {
    t.throws(() => requestHead({ method: 'GET', path, headers: HOST }), refused, path)
  }
  t.throws(() => requestHead({ method: 'GET', path: '/', headers: ['x', 'y'] }), refused, 'no host')
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
