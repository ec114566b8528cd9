import { X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'

/** A certificate that was issued for one host name, with its key. */
export interface IssuedCertificate {
  readonly names: readonly string[]
  /** PEM, the chain after it. */
  readonly cert: string
  /** PEM. A secret: in no log, no metric and no error. */
  readonly key: string
  /** Milliseconds since the epoch. */
  readonly notBefore: number
  readonly notAfter: number
  /** 0…1, always the same for the same certificate: spreads renewals, and every gateway spreads them alike. */
  readonly jitter: number
}

const END = '-----END CERTIFICATE-----'

/** null where this is no certificate for the name, or the key is not its own. Whether it has expired is not asked. */
export function readCertificate(name: string, cert: string, key: string): IssuedCertificate | null {
  try {
    // The first of a chain alone is parsed below.
    if (!cert.trimEnd().endsWith(END)) return null
    const leaf = new X509Certificate(cert)
    if (leaf.checkHost(name, { subject: 'never' }) === undefined) return null
    // A foreign key, or whatever else OpenSSL would not serve.
    createSecureContext({ cert, key })
    const jitter = Number.parseInt(leaf.fingerprint256.slice(0, 2), 16) / 256
    const [notBefore, notAfter] = [leaf.validFromDate.getTime(), leaf.validToDate.getTime()]
    return { names: [name], cert, key, notBefore, notAfter, jitter }
  } catch {
    return null
  }
}
