import type { AnswerSink } from '../delivery/client-writer.ts'
import { Delivery } from '../delivery/delivery.ts'
import type { Delivered, Job } from '../delivery/job.ts'
import type { Decision } from '../steering/decision.ts'
import type { Arrival, Ending, Exchange } from './exchange.ts'

/** Starts a delivery, which keeps the connections of its Generation open until it has ended. */
export function deliver(
  { services, admitted }: Pick<Exchange, 'services' | 'admitted'>,
  job: Job,
  writer: AnswerSink,
  done: (delivered: Delivered) => void,
): void {
  const { transport } = admitted.generation
  const release = transport.lease()
  const { timers, health, budgets, meter, world } = services
  const parts = { transport, timers, health, budgets, meter, writer, random: world.random }
  new Delivery(job, parts, (delivered) => {
    release()
    done(delivered)
  }).start()
}

/** How a request ended whose answer was delivered; the bytes are for who wrote them to say. */
export function endingOf(arrival: Arrival, decision: Decision, delivered: Delivered): Ending {
  const { records: attempts, firstByteAt, ...rest } = delivered
  const firstByteMs = firstByteAt === null ? null : firstByteAt - arrival.startedAt
  return { ...rest, bytes: 0, cache: null, firstByteMs, decision, attempts }
}
