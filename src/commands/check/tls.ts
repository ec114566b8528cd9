import { connect, type TLSSocket } from 'node:tls'
import type { Endpoint } from '../../config/snapshot.ts'
import { connectOptions, isAddress, serverName } from '../../delivery/connect-options.ts'
import type { Timers } from '../../delivery/timers.ts'
import { upstreamErrorCode } from '../../delivery/upstream-error.ts'

/** What TLS with an endpoint came to. */
export interface TlsReport {
  /** `TLSv1.3`; null when no connection came about. */
  readonly protocol: string | null
  /** When the certificate ends, ISO 8601. */
  readonly valid_until: string | null
  /** False where the configuration does not ask for it (`tls.verify: false`) and the certificate would not hold. */
  readonly verified: boolean
  readonly error: string | null
}

export interface TlsQuestion {
  readonly endpoint: Endpoint
  /** The host of the visitor's request, for SNI. */
  readonly host: string
  /** Milliseconds. */
  readonly timeout: number
}

/**
 * Shakes hands as the gateway would and says nothing more: the connections that answers come over do not tell. Null
 * for an endpoint without TLS.
 */
export function lookAtTls({ endpoint, host, timeout }: TlsQuestion, timers: Timers): Promise<TlsReport | null> {
  const name = serverName(endpoint, host)
  if (name === null) return Promise.resolve(null)
  const report = new Promise<TlsReport>((resolve) => {
    const { hostname, port } = new URL(endpoint.origin)
    const socket = connect({
      ...connectOptions(endpoint, host),
      host: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
      port: Number(port) || 443,
      servername: isAddress(name) ? '' : name,
      ALPNProtocols: ['http/1.1'],
    })
    const settle = (report: TlsReport) => {
      deadline.cancel()
      socket.destroy()
      resolve(report)
    }
    const deadline = timers.after(timeout, () => settle(failed('connection_timeout')))
    socket.once('secureConnect', () => settle(describe(socket)))
    socket.on('error', (error) => settle(failed(describeError(error))))
  })
  return report.catch((error) => failed(describeError(error)))
}

function describe(socket: TLSSocket): TlsReport {
  const end = Date.parse(socket.getPeerCertificate().valid_to)
  return {
    protocol: socket.getProtocol(),
    valid_until: Number.isNaN(end) ? null : new Date(end).toISOString(),
    verified: socket.authorized,
    error: null,
  }
}

function failed(error: string): TlsReport {
  return { protocol: null, valid_until: null, verified: false, error }
}

/** The code says enough of a connection; of a certificate one wants to know what is wrong with it. */
function describeError(error: Error): string {
  const code = upstreamErrorCode(error)
  return code.startsWith('tls_') ? `${code}: ${error.message}` : code
}
