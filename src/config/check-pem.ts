import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'

const BLOCK = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\s\S]*?-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g

/** What is wrong with a PEM file of certificates, or null. */
export function checkCertificates(pem: string): string | null {
  const blocks = pem.match(BLOCK) ?? []
  if (blocks.length === 0) return 'the file holds no PEM certificate'
  return blocks.every((block) => readCertificate(block) !== null) ? null : 'the file holds a damaged PEM certificate'
}

/** What is wrong with a PEM private key, or null. It must belong to the first certificate, where there is one. */
export function checkKey(pem: string, certificates: string | undefined): string | null {
  try {
    const key = createPrivateKey(pem)
    const certificate = readCertificate(certificates?.match(BLOCK)?.[0] ?? '')
    if (certificate === null) return null
    if (!certificate.checkPrivateKey(key)) return 'the key does not belong to the certificate'
    return isUsable(certificates!, pem)
      ? null
      : 'OpenSSL refuses the certificate with this key: too weak, or of an odd kind'
  } catch {
    return 'the file holds no PEM private key, or one with a passphrase'
  }
}

/** What is wrong with a PEM file of an RSA private key that signs URLs, or null. */
export function checkRsaKey(pem: string): string | null {
  try {
    const { asymmetricKeyType: type, asymmetricKeyDetails: details } = createPrivateKey(pem)
    if (type !== 'rsa') return 'the key is no RSA key'
    return (details?.modulusLength ?? 0) < 2048 ? 'the RSA key has less than 2048 bits' : null
  } catch {
    return 'the file holds no PEM private key, or one with a passphrase'
  }
}

function readCertificate(pem: string): X509Certificate | null {
  try {
    return new X509Certificate(pem)
  } catch {
    return null
  }
}

function isUsable(cert: string, key: string): boolean {
  try {
    createSecureContext({ cert, key })
    return true
  } catch {
    return false
  }
}
