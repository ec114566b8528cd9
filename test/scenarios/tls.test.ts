import { once } from 'node:events'
import { copyFileSync } from 'node:fs'
import { request } from 'node:http'
import { Agent, get as getSecure } from 'node:https'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import t from 'tap'
import { CA, type CertificateName, certificate } from '../helpers/certificates.ts'
import { startGateway, writeConfig } from '../helpers/gateway.ts'
import { answer, head } from '../helpers/misbehaviour.ts'
import { freePort } from '../helpers/port.ts'
import { type Scope, tempDir } from '../helpers/scope.ts'
import { scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { topology } from './topology.ts'

async function handshake(scope: Scope, port: number, session?: Buffer): Promise<TLSSocket> {
  const options = { port, host: '127.0.0.1', servername: 'localhost', rejectUnauthorized: false }
  const socket = connect({ ...options, ...(session === undefined ? {} : { session }) })
  scope.teardown(() => socket.destroy())
  await once(socket, 'secureConnect')
  return socket
}

/** A gateway of two processes: one listener in the clear that redirects, one with TLS. */
async function secureGateway(scope: Scope, url: string) {
  const folder = tempDir(scope, 'tls')
  const use = (name: CertificateName) => {
    copyFileSync(certificate(name).keyFile, join(folder, 'site.key'))
    copyFileSync(certificate(name).certFile, join(folder, 'site.pem'))
  }
  use('localhost')
  const [plain, secure] = [await freePort(), await freePort()]
  const file = join(folder, 'config.yaml')
  const certificates = [{ cert_file: 'site.pem', key_file: 'site.key' }]
  const listen = [
    { address: `127.0.0.1:${plain}`, https_redirect: true },
    { address: `127.0.0.1:${secure}`, tls: { certificates } },
  ]
  writeConfig(file, { ...topology({ edges: [{ name: 'fra', url }] }), listen, workers: 2 })
  return { gateway: await startGateway(scope, '', { file }), plain, secure, use }
}

t.test(
  'several processes serve TLS, resume each other, and take a renewed certificate while a body runs',
  async (t) => {
    const gate = Promise.withResolvers<void>()
    const slow = [head(200, { 'content-length': '9' }), 'first', gate.promise, 'last']
    const upstream = await scriptedUpstream(t, ({ target }) => (target === '/slow' ? slow : answer()))
    const { gateway, plain, secure, use } = await secureGateway(t, upstream.url)

    const redirected = request({
      port: plain,
      host: '127.0.0.1',
      path: '/x?y',
      headers: { host: `localhost:${plain}` },
    }).end()
    const [moved] = await once(redirected, 'response')
    t.equal(moved.resume().statusCode, 308)
    t.equal(moved.headers.location, `https://localhost:${secure}/x?y`)

    const agent = new Agent({ ca: CA, servername: 'localhost', keepAlive: true, maxCachedSessions: 0 })
    t.teardown(() => agent.destroy())
    const [running] = await once(getSecure({ port: secure, host: '127.0.0.1', path: '/slow', agent }), 'response')
    t.equal(running.statusCode, 200)
    const first = connect({ port: secure, host: '127.0.0.1', servername: 'localhost', ca: CA })
    t.teardown(() => first.destroy())
    const [session] = await once(first, 'session')
    for (let n = 0; n < 8; n++) t.ok((await handshake(t, secure, session)).isSessionReused(), 'by whichever process')

    use('wrong-name')
    const subject = async () => (await handshake(t, secure)).getPeerCertificate().subject.CN
    await until(async () => (await Promise.all([1, 2, 3, 4].map(subject))).every((name) => name === 'wrong-name'), {
      what: 'the renewed certificate at every process',
      timeout: 20_000,
    })
    gate.resolve()
    let text = ''
    for await (const chunk of running) text += chunk
    t.equal(text, 'firstlast')

    copyFileSync(certificate('localhost').keyFile, gateway.file.replace('config.yaml', 'site.key'))
    const rejected = await gateway.logged('config-rejected')
    t.match(JSON.stringify(rejected), /key_file: the key does not belong to the certificate/)
    t.equal(await subject(), 'wrong-name', 'what was good stays')
    const exit = await gateway.close()
    t.equal(exit.code, 0)
    t.notMatch(exit.stdout + exit.stderr, /PRIVATE KEY/)
  },
)
