import { connect } from 'node:net'

export interface Drained {
  readonly status: number
  /** Of the body. */
  readonly bytes: number
  /** From the first byte sent to the last one received. Seconds. */
  readonly seconds: number
}

export interface DrainOptions {
  readonly port: number
  /** The Host field. */
  readonly host: string
  /** Takes no more than this a second until it is done; null: all that comes. */
  readonly slow?: { readonly bytesPerSecond: number; readonly until: Promise<void> }
}

/** How often a slow client takes something. Milliseconds. */
const SIP_EVERY = 100

/** Downloads `/file.bin` and forgets it: a client that costs little, so that the gateway is what is measured. */
export function drain({ port, host, slow }: DrainOptions): Promise<Drained> {
  const began = performance.now()
  const buffer = Buffer.allocUnsafeSlow(256 * 1024)
  let head = ''
  let bytes = 0
  let pace: { readonly size: number; left: number } | null = null
  return new Promise((resolve, reject) => {
    const take = (size: number): boolean => {
      if (head.endsWith('\r\n\r\n')) bytes += size
      else {
        const text = buffer.toString('latin1', 0, size)
        const end = text.indexOf('\r\n\r\n')
        head += end < 0 ? text : text.slice(0, end + 4)
        if (end >= 0) bytes += size - end - 4
      }
      if (pace === null) return true
      pace.left -= size
      return pace.left > 0
    }
    const socket = connect({ port, host: '127.0.0.1', onread: { buffer, callback: take } })
    if (slow !== undefined) {
      const size = (slow.bytesPerSecond * SIP_EVERY) / 1000
      pace = { size, left: size }
      const sips = setInterval(() => {
        pace!.left = size
        socket.resume()
      }, SIP_EVERY)
      const hurry = () => {
        clearInterval(sips)
        pace = null
        socket.resume()
      }
      void slow.until.then(hurry)
      socket.once('close', () => clearInterval(sips))
    }
    socket.write(`GET /file.bin HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
    socket.on('error', reject)
    socket.on('close', () => {
      const status = Number(head.slice(9, 12))
      resolve({ status, bytes, seconds: (performance.now() - began) / 1000 })
    })
  })
}
