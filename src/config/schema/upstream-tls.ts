import * as z from 'zod'
import { keyed } from './keyed.ts'
import { filePath, host } from './names.ts'

/** TLS towards an upstream. */
export const upstreamTls = keyed({
  verify: z.boolean().prefault(true).describe('Whether the certificate must be valid. Turn off in tests only.'),
  ca_file: filePath.nullable().prefault(null).describe('PEM file of the authorities to trust instead of the usual.'),
  server_name: host
    .nullable()
    .prefault(null)
    .describe('SNI and the name that the certificate must carry; null: host_header, else the host of the URL.'),
  client_certificate: keyed({
    cert_file: filePath.describe('PEM file of the certificate chain.'),
    key_file: filePath.describe('PEM file of the private key.'),
  })
    .nullable()
    .prefault(null)
    .describe('What the gateway presents to the upstream.'),
})
