import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import { formatProblem } from '../../src/config/problem.ts'
import { certificate } from '../helpers/certificates.ts'
import { SITE } from './problems-of.ts'

const folder = t.testdir()
const write = (name: string, text: string | Uint8Array) => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
const problemsIn = async (path: string) => {
  const loaded = await loadConfig(path, {})
  return 'problems' in loaded ? loaded.problems.map((problem) => formatProblem(problem).replace(`${folder}/`, '')) : []
}

for (const [name, source] of [
  ['one', 'client'],
  ['two', 'localhost'],
] as const) {
  const { cert, key } = certificate(source)
  write(`${name}.pem`, cert)
  write(`${name}.key`, key)
}

const withTls = (tls: string) => SITE.replace('[https://o.example.com]', `[https://o.example.com], tls: { ${tls} }`)

t.test('a configuration and the files that it names', async (t) => {
  const path = write(
    'tls.yaml',
    withTls('ca_file: one.pem, client_certificate: { cert_file: one.pem, key_file: one.key }'),
  )
  const loaded = await loadConfig(path, {})
  if ('problems' in loaded) return t.fail('rejected', loaded)
  t.strictSame(loaded.files, [path, join(folder, 'one.pem'), join(folder, 'one.key')])
  t.strictSame([...loaded.hashes.keys()], loaded.files)
  t.match(loaded.snapshot.id, /^[0-9a-f]{12}$/)
  const { tls } = loaded.snapshot.endpoints[0]!
  t.match(tls?.ca, /BEGIN CERTIFICATE/)
  t.match(tls?.clientCertificate?.key, /PRIVATE KEY/)
  t.strictSame(loaded.locate('sites[0].origin.urls[0]'), { file: path, line: 2, column: 61 })
})

t.test('the geo database is relative to the folder of the file', async (t) => {
  const loaded = await loadConfig(write('geo.yaml', `${SITE}geoip: { database: my.mmdb }\n`), {})
  t.equal('snapshot' in loaded && loaded.snapshot.geoip.database, join(folder, 'my.mmdb'))
  const bundled = await loadConfig(write('geo.yaml', SITE), {})
  t.equal('snapshot' in bundled && bundled.snapshot.geoip.database, null)
})

t.test('what cannot be read', async (t) => {
  const unreadable = 'the configuration cannot be read'
  t.strictSame(await problemsIn(join(folder, 'nowhere.yaml')), [
    `nowhere.yaml:1:1: ${unreadable}: there is no such file`,
  ])
  mkdirSync(join(folder, 'folder.yaml'))
  t.strictSame(await problemsIn(join(folder, 'folder.yaml')), [`folder.yaml:1:1: ${unreadable}: it is not a file`])
  t.match(await problemsIn('/dev/zero'), [/it is not a file$/])
  t.strictSame(await problemsIn(write('large.yaml', ' '.repeat(4 * 1024 * 1024))), [
    `large.yaml:1:1: ${unreadable}: it is larger than 3072 KiB`,
  ])
  const loaded = await loadConfig(join(folder, 'nowhere.yaml'), {})
  t.strictSame(loaded.files, [join(folder, 'nowhere.yaml')], 'it is watched nevertheless')
})

t.test('what is not UTF-8', async (t) => {
  const bytes = Buffer.concat([Buffer.from('log: {}\n# ü: '), Buffer.from([0xff]), Buffer.from('\n')])
  t.strictSame(await problemsIn(write('latin.yaml', bytes)), ['latin.yaml:2:6: a byte here is not UTF-8'])
  t.strictSame(await problemsIn(write('cut.yaml', Buffer.from([0x61, 0xe2, 0x82]))), [
    'cut.yaml:1:2: a byte here is not UTF-8',
  ])
  t.strictSame(await problemsIn(write('utf16.yaml', Buffer.from(`\uFEFF${SITE}`, 'utf16le'))), [
    'utf16.yaml:1:1: a byte here is not UTF-8',
  ])
})

t.test('named files that are missing or something else', async (t) => {
  write('empty.pem', '')
  write('broken.pem', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
  const cases: [string, string][] = [
    ['ca_file: §nowhere.pem', 'ca_file: cannot be read: there is no such file'],
    ['ca_file: §.', 'ca_file: cannot be read: it is not a file'],
    ['ca_file: §empty.pem', 'ca_file: the file holds no PEM certificate'],
    ['ca_file: §broken.pem', 'ca_file: the file holds a damaged PEM certificate'],
    [
      'client_certificate: { cert_file: one.pem, key_file: §two.key }',
      'client_certificate.key_file: the key does not belong to the certificate',
    ],
    [
      'client_certificate: { cert_file: one.pem, key_file: §one.pem }',
      'client_certificate.key_file: the file holds no PEM private key, or one with a passphrase',
    ],
  ]
  for (const [tls, expected] of cases) {
    const text = withTls(tls)
    const problems = await problemsIn(write('files.yaml', text.replace('§', '')))
    const column = text.split('\n')[1]!.indexOf('§') + 1
    t.strictSame(problems, [`files.yaml:2:${column}: sites[0].origin.tls.${expected}`])
  }
})

t.test('state_dir stands beside the configuration file, and is not watched', async (t) => {
  const path = write('state.yaml', `${SITE}state_dir: var/state\n`)
  const loaded = await loadConfig(path, {})
  if ('problems' in loaded) return t.fail('rejected', loaded)
  t.equal(loaded.snapshot.stateDir, join(folder, 'var/state'))
  t.strictSame(loaded.files, [path])
  const absolute = await loadConfig(write('absolute.yaml', `${SITE}state_dir: /var/lib/polycdn\n`), {})
  if ('problems' in absolute) return t.fail('rejected', absolute)
  t.equal(absolute.snapshot.stateDir, '/var/lib/polycdn')
})
