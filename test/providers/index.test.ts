import t from 'tap'
import { PROVIDERS, plan } from '../../src/providers/index.ts'
import type { Provider } from '../../src/providers/provider.ts'
import { makeEndpoint } from '../steering/support/build.ts'

t.test('every provider that is built is known, and plans a target that begins with the base path', (t) => {
  for (const [name, provider] of Object.entries<Provider>(PROVIDERS)) {
    const planned = provider.plan({ basePath: '/base', pathTemplate: '{path}' }, '/a?b=c', null)
    t.ok(planned.startsWith('/base/'), `${name}: ${planned}`)
  }
  t.end()
})

t.test('bytes over http are trusted, since the operator chose the server', (t) => {
  t.ok(PROVIDERS.http.trustByDefault)
  t.end()
})

t.test('an endpoint is asked as its provider plans it, an origin as any HTTP server', (t) => {
  const endpoint = makeEndpoint('a', {}, { basePath: '/base', pathTemplate: '/t{path}' })
  t.equal(plan(endpoint, '/a?b'), '/base/t/a?b')
  t.equal(plan({ ...endpoint, cdn: null }, '/a?b'), '/base/t/a?b')
  t.end()
})
