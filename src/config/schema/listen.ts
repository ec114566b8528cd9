import * as z from 'zod'
import { keyed } from './keyed.ts'
import { filePath, listenAddress, token } from './names.ts'
import { notYet } from './not-yet.ts'

const listenTls = keyed({
  certificates: z.array(keyed({ cert_file: filePath, key_file: filePath })).optional(),
  acme: keyed({ email: z.string(), directory: z.string().optional() }).optional(),
})

export const listen = z
  .array(
    keyed({
      address: listenAddress.describe('IP address and port; `:8080` is every IPv4 address, port 0 any free port.'),
      https_redirect: notYet(z.boolean().describe('Answer with a redirect to https.'), false).prefault(false),
      tls: notYet(listenTls.nullable().describe('Serve TLS.'), null).prefault(null),
      proxy_protocol: notYet(z.boolean().describe('Expect the PROXY protocol.'), false).prefault(false),
    }),
  )
  .min(1)

export const admin = keyed({
  address: listenAddress
    .prefault('127.0.0.1:9901')
    .describe('Where /metrics, /healthz, /readyz and the operator commands are served.'),
  token: token.prefault(null).describe('Bearer token of the operator commands; needed off loopback.'),
})
