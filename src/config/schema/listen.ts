import * as z from 'zod'
import { keyed } from './keyed.ts'
import { filePath, listenAddress, token } from './names.ts'
import { notYet } from './not-yet.ts'

const certificate = keyed({
  cert_file: filePath.describe('PEM file of the certificate, with those that lead to its authority.'),
  key_file: filePath.describe('PEM file of its private key.'),
})

const acme = keyed({ email: z.string(), directory: z.string().optional() })

const listenTls = keyed({
  certificates: z
    .array(certificate)
    .prefault([])
    .describe('Chosen by the name that the client asks for; the first serves clients that ask for an unknown name.'),
  acme: notYet(acme.nullable().describe('Certificates that are ordered and renewed.'), null).prefault(null),
})

export const listen = z
  .array(
    keyed({
      address: listenAddress.describe('IP address and port; `:8080` is every IPv4 address, port 0 any free port.'),
      https_redirect: z
        .boolean()
        .prefault(false)
        .describe('Answer every request that comes in the clear with a redirect to https.'),
      tls: listenTls.nullable().prefault(null).describe('Serve TLS 1.2 and 1.3, with HTTP/2 and HTTP/1.1 by ALPN.'),
      h2c: z
        .boolean()
        .prefault(false)
        .describe('Without TLS: accept HTTP/2 from clients that begin with it, beside HTTP/1.1.'),
      proxy_protocol: z
        .boolean()
        .prefault(false)
        .describe('Every connection begins with a PROXY header, version 1 or 2, and comes from a trusted proxy.'),
    }),
  )
  .min(1)

export const admin = keyed({
  address: listenAddress
    .prefault('127.0.0.1:9901')
    .describe('Where /metrics, /healthz, /readyz and the operator commands are served.'),
  token: token.prefault(null).describe('Bearer token of the operator commands; needed off loopback.'),
})
