import type { Socket } from 'node:net'

/** What node:tls keeps of the connection below; a TLSSocket itself cannot be reset. */
interface SecureSocket extends Socket {
  readonly _parent?: Socket | null
}

/** Ends a connection so that its other side notices: with RST, also below TLS, where few look for the close_notify. */
export function resetSocket(socket: SecureSocket | null): void {
  if (socket === null || socket.destroyed) return
  // libuv does not reset what is just being shut down, and Node forgets such a handle without closing it: the connection
  // stays, and a process that ends by itself waits for it for ever.
  if (socket.writableEnded && !socket.writableFinished) return void socket.destroy()
  if (!('encrypted' in socket)) return void socket.resetAndDestroy()
  if (socket._parent && !socket._parent.destroyed) socket._parent.resetAndDestroy()
  socket.destroy()
}
