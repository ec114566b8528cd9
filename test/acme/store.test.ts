import { mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readCertificate } from '../../src/acme/certificate.ts'
import { CertificateStore, readChallenge } from '../../src/acme/store.ts'
import { certificate } from '../helpers/certificates.ts'
import { type Scope, tempDir } from '../helpers/scope.ts'

function open(t: Scope) {
  const folder = join(tempDir(t, 'acme'), 'deep', 'folder')
  const damaged: string[] = []
  const store = new CertificateStore({ folder, owner: 'me', onDamaged: (path) => damaged.push(path) })
  return { folder, store, damaged }
}

t.test('keeps a certificate and its key as one file that only its owner may read', async (t) => {
  const { folder, store, damaged } = open(t)
  const { cert, key } = certificate('localhost')
  const issued = readCertificate('edge.test', cert, key)!
  t.equal(await store.certificate('edge.test'), null)
  await store.save('edge.test', issued)
  t.same(await store.certificate('edge.test'), { ...issued, key: issued.key })
  const path = join(folder, 'certificates', 'edge.test.pem')
  t.equal(statSync(path).mode & 0o777, 0o600)
  t.equal(statSync(folder).mode & 0o777, 0o700)
  t.same(readdirSync(join(folder, 'certificates')), ['edge.test.pem'], 'no temporary file is left')
  t.same(damaged, [])
})

t.test('what is torn, of another name or with a foreign key counts as missing and is told', async (t) => {
  const { folder, store, damaged } = open(t)
  const good = certificate('localhost')
  const foreign = certificate('untrusted')
  const file = (name: string) => join(folder, 'certificates', `${name}.pem`)
  const issued = readCertificate('edge.test', good.cert, good.key)!
  await store.save('edge.test', issued)
  const whole = readFileSync(file('edge.test')).length
  for (const length of [0, 1, 100, whole >> 1, whole - 60]) {
    await store.save('edge.test', issued)
    truncateSync(file('edge.test'), length)
    t.equal(await store.certificate('edge.test'), null, `${length} of ${whole} bytes`)
  }
  await store.save('wrong.test', issued)
  t.equal(await store.certificate('wrong.test'), null, 'another name')
  await store.save('edge.test', { ...issued, key: foreign.key })
  t.equal(await store.certificate('edge.test'), null, 'a foreign key')
  mkdirSync(file('origin.test'))
  t.equal(await store.certificate('origin.test'), null, 'a folder')
  t.equal(damaged.length, 8)
})

t.test('the account key stays the same until its file is damaged', async (t) => {
  const { folder, store, damaged } = open(t)
  const key = await store.accountKey()
  t.equal(await store.accountKey(), key)
  writeFileSync(join(folder, 'account.pem'), key.slice(0, 50))
  t.not(await store.accountKey(), key)
  t.equal(damaged.length, 1)
})

t.test('challenges are found by their token alone, and never outside of their folder', async (t) => {
  const { folder, store } = open(t)
  await store.publish('token_1-A', 'token_1-A.thumb')
  t.equal(await readChallenge(folder, 'token_1-A'), 'token_1-A.thumb')
  await store.accountKey()
  for (const token of ['../account.pem', '..', '', '.', 'a/b', 'token_1-A\0', 'x'.repeat(129), 'nothing']) {
    t.equal(await readChallenge(folder, token), null, JSON.stringify(token))
    if (token !== 'nothing') await t.rejects(store.publish(token, 'x'))
  }
  await store.withdraw('token_1-A')
  t.equal(await readChallenge(folder, 'token_1-A'), null)
  await store.publish('left', 'left.thumb')
  await store.withdrawAll()
  t.equal(await readChallenge(folder, 'left'), null)
  await t.rejects(store.certificate('../x'))
})
