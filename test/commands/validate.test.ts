import { join } from 'node:path'
import t from 'tap'
import { validate, validateFile } from '../../src/commands/validate.ts'
import { fakeShell } from '../helpers/fake-shell.ts'

const EXAMPLE = join(import.meta.dirname, '../../config.example.yaml')
const SITE = `sites:
  - { name: www, hosts: [www.example.com], origin: { urls: [https://o.example.com] } }
policies: { default: { mode: origin } }
`

t.test('a right configuration is summed up on standard output', async (t) => {
  const { shell, out, err } = fakeShell()
  t.equal(await validate(['--config', EXAMPLE], shell), 0)
  t.strictSame(out, ['ok: 2 sites, 4 routes, 4 CDNs, 6 endpoints'])
  t.strictSame(err, [])
})

t.test('a wrong one is told line by line on standard error', async (t) => {
  const path = join(t.testdir({ 'c.yaml': `${SITE}lug: {}\notel: { endpoint: x }\n` }), 'c.yaml')
  const { shell, out, err } = fakeShell()
  t.equal(await validate(['-c', path], shell), 2)
  t.strictSame(out, [])
  t.strictSame(err, [
    `${path}:4:1: lug: unknown key "lug"; did you mean "log"?`,
    `${path}:5:19: otel.endpoint: not supported yet; it can only be null`,
  ])
})

t.test('warnings do not make it wrong', async (t) => {
  const text = `${SITE}cdns: [{ name: a, provider: http, url: "https://a.example" }]\n`
  const { code, summary, problems } = await validateFile(join(t.testdir({ 'c.yaml': text }), 'c.yaml'), {})
  t.equal(code, 0)
  t.equal(summary, 'ok: 1 site, 1 route, 1 CDN, 1 endpoint')
  t.match(problems, [{ severity: 'warning', line: 4 }])
})

t.test('an mmdb that is missing or corrupt has a place', async (t) => {
  const text = `${SITE}geoip: { database: some.mmdb }\n`
  const folder = t.testdir({ 'c.yaml': text })
  const missing = await validateFile(join(folder, 'c.yaml'), {})
  t.match(missing, { code: 2, summary: null, problems: [{ line: 4, column: 20, path: 'geoip.database' }] })
  const corrupt = await validateFile(join(t.testdir({ 'c.yaml': text, 'some.mmdb': 'no database' }), 'c.yaml'), {})
  t.match(corrupt, { code: 2, problems: [{ line: 4, column: 20, message: /some\.mmdb/ }] })
})

t.test('without a file', async (t) => {
  const { shell, err } = fakeShell()
  t.equal(await validate([], shell), 2)
  t.match(err, [/needs --config/])
})
