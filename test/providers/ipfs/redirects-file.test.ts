import t from 'tap'
import { applyRedirects, parseRedirects } from '../../../src/providers/ipfs/redirects-file.ts'

const apply = (text: string, ...path: string[]) => applyRedirects(parseRedirects(text), path)

t.test('the first rule that matches counts, with its placeholders filled in', async (t) => {
  const text = '/a /b\n/a /c 302\n/:year/:month/x /posts/:month-:year.html 200\r\n\n# no rule\n/d/* /e/:splat'
  t.same(apply(text, 'a'), { to: '/b', status: 301 })
  t.same(apply(text, '2026', '11', 'x'), { to: '/posts/11-2026.html', status: 200 })
  t.same(apply(text, 'd', 'f', 'g h'), { to: '/e/f/g%20h', status: 301 })
  t.same(apply(text, 'd'), { to: '/e/', status: 301 }, 'a splat may be nothing')
  t.equal(apply(text, 'a', 'b'), null)
  t.equal(apply(text), null)
  t.same(apply('/ü/%C3%BC /x', 'ü', 'ü'), { to: '/x', status: 301 }, 'spellings do not count')
  t.same(apply('/a //evil.example/', 'a'), { to: '/evil.example/', status: 301 }, 'a path names no host')
  t.same(apply('/a /ü/\u010a%20 200', 'a'), { to: '/%C3%BC/%C4%8A%20', status: 200 }, 'no byte that ends a header')
})

const BAD = [
  '/a',
  '/a /b 200!',
  '/a /b 999',
  '/a /b 301 x',
  'a /b',
  '/a b',
  '/a/*/b /c',
  '/a* /b',
  '/% /x',
  '/a https://x.example/ 200',
  '/a javascript:x',
]

t.test('a file with a line that is no rule has none', async (t) => {
  for (const line of BAD)
    t.throws(() => parseRedirects(`/ok /fine\n${line}`), { name: 'ProofError', fault: 'unproved' }, line)
})
