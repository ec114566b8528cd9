import t from 'tap'
import { KNOWN_PROVIDERS, PROVIDERS, type Provider } from '../../src/providers/index.ts'

t.test('every provider that is built is known, and plans a target that begins with the base path', (t) => {
  for (const [name, provider] of Object.entries<Provider>(PROVIDERS)) {
    t.ok((KNOWN_PROVIDERS as readonly string[]).includes(name), name)
    const planned = provider.plan({ basePath: '/base', pathTemplate: '{path}' }, '/a?b=c')
    t.ok(planned.startsWith('/base/'), planned)
  }
  t.end()
})

t.test('bytes over http are trusted, since the operator chose the server', (t) => {
  t.ok(PROVIDERS.http.trustByDefault)
  t.end()
})
