import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const DIR = fileURLToPath(new URL('../fixtures/tls/', import.meta.url))

/**
 * Committed leaf certificates, made by test/fixtures/tls/make.sh:
 * - `localhost`: good for localhost, edge.test, origin.test, *.cdn.test, 127.0.0.1 and ::1
 * - `expired`: the same names, until 2001
 * - `wrong-name`: only for wrong.test
 * - `untrusted`: the same names as localhost, from another authority
 * - `self-signed`: the same names, from nobody
 * - `client`: for client authentication
 */
export type CertificateName = 'localhost' | 'expired' | 'wrong-name' | 'untrusted' | 'self-signed' | 'client'

export interface Certificate {
  /** PEM. */
  readonly cert: string
  readonly key: string
  readonly certFile: string
  readonly keyFile: string
}

/** The authority of all leaves but `untrusted` and `self-signed`. */
export const CA_FILE = join(DIR, 'ca.pem')
export const CA = readFileSync(CA_FILE, 'utf8')

export function certificate(name: CertificateName): Certificate {
  const certFile = join(DIR, `${name}.pem`)
  const keyFile = join(DIR, `${name}.key`)
  return { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8'), certFile, keyFile }
}
