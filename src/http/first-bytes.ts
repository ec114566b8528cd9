import type { Socket } from 'node:net'

/** What the first bytes tell: how many of them are used up, and what they mean. */
export interface Told<Meaning> {
  readonly meaning: Meaning
  readonly used: number
}

/**
 * Reads the first bytes of a connection until `judge` knows what they tell; null asks for more. The rest stays in the
 * socket, paused, for whoever it is handed to. A connection that says too little in `patience` milliseconds, or leaves,
 * is destroyed and never heard of again.
 */
export function firstBytes<Meaning>(
  socket: Socket,
  patience: number,
  judge: (bytes: Buffer) => Told<Meaning> | null,
  done: (meaning: Meaning) => void,
): void {
  let bytes: Buffer = Buffer.alloc(0)
  const give = () => void socket.destroy()
  const timer = setTimeout(give, patience)
  const gone = () => clearTimeout(timer)
  const onData = (chunk: Buffer) => {
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk])
    const told = judge(bytes)
    if (told === null) return
    clearTimeout(timer)
    socket.off('data', onData).off('end', give).off('error', give).off('close', gone).pause()
    if (socket.destroyed) return
    if (told.used < bytes.length) socket.unshift(bytes.subarray(told.used))
    done(told.meaning)
  }
  // It is paused where other first bytes came before these.
  socket.on('data', onData).on('end', give).on('error', give).resume()
  socket.once('close', gone)
}
