import type { Timers } from '../delivery/timers.ts'
import { askApi } from './ask-api.ts'
import type { PurgeMeans } from './cdn-purge.ts'
import { Tokens } from './tokens.ts'

/** The network, the clock and chance as they are. */
export function realMeans(timers: Timers): PurgeMeans {
  return {
    ask: (call, proof, stop) => askApi(call, proof, { stop }),
    timers,
    now: Date.now,
    random: Math.random,
    tokens: new Tokens(Date.now),
  }
}
