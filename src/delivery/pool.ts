import { buildConnector, Pool } from 'undici'
import type { Endpoint } from '../config/snapshot.ts'
import { connectOptions, isAddress, type Surroundings } from './connect-options.ts'
import { guardSocket } from './socket-guard.ts'
import { MAX_HEADER_SIZE } from './wire/head-parser.ts'

const CONNECT_TIMEOUT = 10_000

/** Connections for what is no GET or HEAD to one Endpoint, for requests to this host. An address that is not allowed fails its requests. */
export function createPool(endpoint: Endpoint, host: string, surroundings: Surroundings): Pool {
  let connect: buildConnector.connector | null = null
  return new Pool(endpoint.origin, {
    pipelining: 1,
    maxHeaderSize: MAX_HEADER_SIZE,
    keepAliveTimeout: 30_000,
    keepAliveTimeoutThreshold: 2_000,
    allowH2: false,
    connect: (target, done) => {
      try {
        connect ??= createConnector(endpoint, host, surroundings)
      } catch (error) {
        return done(error as Error, null)
      }
      connect(withoutAddress(target), (...[error, socket]) => {
        if (error !== null) return done(error, null)
        guardSocket(socket)
        done(null, socket)
      })
    },
  })
}

function createConnector(endpoint: Endpoint, host: string, surroundings: Surroundings): buildConnector.connector {
  const options = connectOptions(endpoint, host, surroundings)
  return buildConnector({ timeout: CONNECT_TIMEOUT, allowH2: false, ...options })
}

/** RFC 6066 section 3 allows no address as SNI. */
function withoutAddress(target: buildConnector.Options): buildConnector.Options {
  return isAddress(target.servername ?? '') ? { ...target, servername: '' } : target
}
