import { once } from 'node:events'
import { connect, createServer } from 'node:tls'
import t from 'tap'
import { CA, type CertificateName, certificate } from './certificates.ts'
import type { Scope } from './scope.ts'

async function handshake(scope: Scope, name: CertificateName, servername: string): Promise<string> {
  const server = createServer(certificate(name), (socket) => socket.on('error', () => {}))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect({ port: (server.address() as { port: number }).port, ca: CA, servername })
  scope.teardown(() => {
    socket.destroy()
    server.close()
  })
  return once(socket, 'secureConnect').then(
    () => 'good',
    (error: NodeJS.ErrnoException) => error.code ?? 'error',
  )
}

t.test('each certificate is good, or wrong in the one way that its name tells', async (t) => {
  t.equal(await handshake(t, 'localhost', 'edge.test'), 'good')
  t.equal(await handshake(t, 'localhost', 'a.cdn.test'), 'good')
  t.equal(await handshake(t, 'expired', 'edge.test'), 'CERT_HAS_EXPIRED')
  t.equal(await handshake(t, 'wrong-name', 'edge.test'), 'ERR_TLS_CERT_ALTNAME_INVALID')
  t.equal(await handshake(t, 'untrusted', 'edge.test'), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE')
})
