import type { ServerResponse } from 'node:http'
import { ResponseWriter } from '../delivery/writer.ts'
import type { Services } from './services.ts'

/** The writer of an answer, under the limits that hold now. */
export function writerFor(services: Services, response: ServerResponse): ResponseWriter {
  const { sendTimeout: timeout } = services.current().snapshot.limits
  return new ResponseWriter(response, { timers: services.timers, timeout })
}
