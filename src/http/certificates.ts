import { X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { Certificate } from '../config/snapshot.ts'
import { PolycdnError } from '../errors.ts'

/** One certificate of each kind of key is what a context can hold. */
type ByKey = Map<string, Certificate>

/** Which certificate a client is shown: by the name that it asks for (SNI, RFC 6066 section 3). */
export class Certificates {
  readonly #contexts = new Map<string, SecureContext>()
  readonly #made = new Map<string, SecureContext>()
  /** Serves clients that ask for no name, or for one that no certificate has; null where there is none. */
  readonly fallback: Certificate | null

  /**
   * Throws config_invalid where OpenSSL refuses one.
   * @param before its contexts are used again: of a thousand names one changes at a time
   */
  constructor(certificates: readonly Certificate[], before: Certificates | null = null) {
    this.fallback = certificates[0] ?? null
    const byName = new Map<string, ByKey>()
    for (const certificate of certificates) {
      const { names, keyType } = read(certificate)
      for (const name of names) {
        const known: ByKey = byName.get(name) ?? new Map()
        // The first one counts: the operator wrote it first.
        if (!known.has(keyType)) known.set(keyType, certificate)
        byName.set(name, known)
      }
    }
    for (const [name, byKey] of byName) this.#contexts.set(name, this.#context([...byKey.values()], before))
    if (this.fallback !== null) this.#context([this.fallback], before)
  }

  /** undefined: the fallback's. A wildcard stands for exactly one label (RFC 9525 section 6.3). */
  find(name: string): SecureContext | undefined {
    const lower = name.toLowerCase().replace(/\.$/, '')
    const dot = lower.indexOf('.')
    return this.#contexts.get(lower) ?? (dot > 0 ? this.#contexts.get(`*${lower.slice(dot)}`) : undefined)
  }

  /** Names that are served by the same certificates share a context. */
  #context(certificates: readonly Certificate[], before: Certificates | null): SecureContext {
    const id = certificates.map(({ cert, key }) => cert + key).join('\n')
    const known = this.#made.get(id) ?? (before === null ? undefined : before.#made.get(id))
    const context = known ?? createContext(certificates)
    this.#made.set(id, context)
    return context
  }
}

function read({ cert }: Certificate): { names: readonly string[]; keyType: string } {
  try {
    const { subjectAltName = '', publicKey } = new X509Certificate(cert)
    const names = [...subjectAltName.matchAll(/DNS:([^,"\s]+)/g)].map(([, name]) => name!.toLowerCase())
    return { names, keyType: publicKey.asymmetricKeyType ?? '' }
  } catch (cause) {
    throw new PolycdnError('config_invalid', 'a certificate of a listener cannot be read', { cause })
  }
}

function createContext(certificates: readonly Certificate[]): SecureContext {
  try {
    return createSecureContext({
      ...SECURE,
      cert: certificates.map(({ cert }) => cert),
      key: certificates.map(({ key: pem }) => pem),
    })
  } catch (cause) {
    throw new PolycdnError('config_invalid', 'a certificate of a listener cannot be used with its key', { cause })
  }
}

/**
 * TLS 1.2 and 1.3 with ciphers that keep their secrets (ECDHE) and cannot be played with (AEAD): RFC 9325 section 4.2.
 * TLS 1.3 has its own list, of which all are good.
 */
export const SECURE = {
  minVersion: 'TLSv1.2',
  ciphers: [
    'TLS_AES_128_GCM_SHA256',
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-RSA-CHACHA20-POLY1305',
  ].join(':'),
  honorCipherOrder: false,
} as const
