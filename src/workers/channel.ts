import cluster from 'node:cluster'
import { PolycdnError } from '../errors.ts'
import type { FromWorker, ToWorker } from './messages.ts'

/** A worker's line to the primary. */
export interface Channel {
  /** Resolves when the message is on its way, or is lost because nobody is there. */
  send(message: FromWorker): Promise<void>
  onMessage(listener: (message: ToWorker) => void): void
  /** The primary is gone. */
  onLost(listener: () => void): void
}

/** Throws where this process was not started as a worker. */
export function openChannel(): Channel {
  const { worker } = cluster
  if (worker === undefined) throw new PolycdnError('internal_error', 'workers are started by polycdn serve')
  return {
    send: (message) =>
      new Promise((resolve) => {
        if (!worker.isConnected()) return resolve()
        worker.send(message, () => resolve())
      }),
    onMessage: (listener) => void worker.on('message', listener),
    onLost: (listener) =>
      void worker.on('disconnect', () => {
        // Or node:cluster would end this process before its requests have ended.
        worker.exitedAfterDisconnect = true
        listener()
      }),
  }
}
