import * as z from 'zod'
import { parseDirectory } from '../values/directory-url.ts'
import { keyed } from './keyed.ts'
import { filePath, listenAddress, token } from './names.ts'
import { pattern, text } from './text.ts'

const certificate = keyed({
  cert_file: filePath.describe('PEM file of the certificate, with those that lead to its authority.'),
  key_file: filePath.describe('PEM file of its private key.'),
})

/** RFC 5321 section 4.5.3.1 bounds it; more is for the authority to judge. */
const EMAIL = /^[^\s@<>",;:]{1,64}@[^\s@<>",;:]{1,255}$/

const acme = keyed({
  email: pattern('an e-mail address', EMAIL).describe('Where the authority writes to about the certificates.'),
  directory: text('an https URL such as https://acme-v02.api.letsencrypt.org/directory', parseDirectory)
    .prefault('https://acme-v02.api.letsencrypt.org/directory')
    .describe('The ACME directory of the authority. To name it is to agree to its terms.'),
})

const listenTls = keyed({
  certificates: z
    .array(certificate)
    .prefault([])
    .describe('Chosen by the name that the client asks for; the first serves clients that ask for an unknown name.'),
  acme: acme
    .nullable()
    .prefault(null)
    .describe('Certificates for the exact hosts of all sites are ordered and renewed. Needs state_dir.'),
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
