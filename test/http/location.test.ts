import t from 'tap'
import { rewriteLocation } from '../../src/http/location.ts'
import { admittedRequest } from './support/request.ts'
import { endpoint } from './support/services.ts'

const PLAIN = endpoint('http://origin.internal:8080')
const BASED = endpoint('https://origin.internal/base')
const NAMED = endpoint('http://10.0.0.1:8080', { hostHeader: 'origin.internal' })

const REWRITTEN: readonly (readonly [to: typeof PLAIN, location: string, path: string])[] = [
  [PLAIN, 'http://origin.internal:8080/login?a=b#c', '/login?a=b#c'],
  [PLAIN, 'http://origin.internal:8080', '/'],
  [PLAIN, 'http://origin.internal:8080//x', '//x'],
  [BASED, 'https://origin.internal/base/login', '/login'],
  [BASED, 'https://origin.internal/base', '/'],
  [NAMED, 'http://10.0.0.1:8080/login', '/login'],
  [NAMED, 'http://origin.internal/login', '/login'],
]

const KEPT: readonly (readonly [to: typeof PLAIN, location: string])[] = [
  [PLAIN, '/login'],
  [PLAIN, 'login'],
  [PLAIN, '//origin.internal:8080/login'],
  [PLAIN, 'https://origin.internal:8080/login'],
  [PLAIN, 'http://origin.internal:80801/login'],
  [PLAIN, 'http://origin.internal:8080.evil.test/'],
  [PLAIN, 'http://origin.internal:8080@evil.test/'],
  [PLAIN, 'http://other.test/'],
  [BASED, 'https://origin.internal/other'],
  [BASED, 'https://origin.internal/based'],
  [NAMED, 'https://origin.internal/login'],
  [NAMED, 'http://origin.internal.evil.test/'],
]

function rewritten(to: typeof PLAIN, location: string): string[] {
  const headers = ['server', 'x', 'Location', location]
  const host = { name: 'www.test', authority: 'www.test:8443' }
  rewriteLocation(headers, admittedRequest({ scheme: 'https', host }), to)
  return headers
}

t.test('an upstream that redirects to itself means us', async (t) => {
  for (const [to, location, path] of REWRITTEN) {
    t.same(rewritten(to, location), ['server', 'x', 'Location', `https://www.test:8443${path}`], location)
  }
})

t.test('every other Location is the upstream’s business', async (t) => {
  for (const [to, location] of KEPT) t.same(rewritten(to, location), ['server', 'x', 'Location', location], location)
})
