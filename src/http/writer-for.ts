import type { ServerResponse } from 'node:http'
import type { ClientWriter } from '../delivery/client-writer.ts'
import { ResponseWriter } from '../delivery/writer.ts'
import { CompressingWriter } from './compressing-writer.ts'
import type { Admitted } from './exchange.ts'
import type { Services } from './services.ts'

/** The writer of an answer, under the limits that hold now. */
export function writerFor(services: Services, response: ServerResponse): ResponseWriter {
  const { sendTimeout: timeout } = services.current().snapshot.limits
  return new ResponseWriter(response, { timers: services.timers, timeout })
}

/** Where the answer of an upstream or a store goes: in the variant that this client wants, where the Policy makes any. */
export function variantWriter(services: Services, { route, facts }: Admitted, client: ResponseWriter): ClientWriter {
  const { compress: settings } = route.policy
  if (settings === null) return client
  const { encoders, timers } = services
  return new CompressingWriter({ client, asked: facts, settings, encoders, timers })
}
