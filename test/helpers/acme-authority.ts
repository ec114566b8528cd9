import { webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'

const KEYS = { name: 'ECDSA', namedCurve: 'P-256' } as const
const DAY = 86_400_000
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' } as const

x509.cryptoProvider.set(webcrypto as Crypto)

/** An authority that signs what it is given. */
export class TestAuthority {
  readonly #keys: webcrypto.CryptoKeyPair
  readonly #root: x509.X509Certificate
  #serial = 1

  static async create(): Promise<TestAuthority> {
    const keys = (await webcrypto.subtle.generateKey(KEYS, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair
    const root = await x509.X509CertificateGenerator.createSelfSigned({
      name: 'CN=polycdn test authority',
      serialNumber: '01',
      notBefore: new Date(Date.now() - 100 * DAY),
      notAfter: new Date(Date.now() + 100 * DAY),
      keys,
      signingAlgorithm: SIGNING,
      extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
    })
    return new TestAuthority(keys, root)
  }

  private constructor(keys: webcrypto.CryptoKeyPair, root: x509.X509Certificate) {
    this.#keys = keys
    this.#root = root
  }

  /** PEM: what a client has to trust. */
  get root(): string {
    return this.#root.toString('pem')
  }

  /** The names that a request (DER) asks for; throws where its signature is wrong. */
  async namesOf(request: Buffer): Promise<readonly string[]> {
    const csr = new x509.Pkcs10CertificateRequest(new Uint8Array(request))
    if (!(await csr.verify())) throw new Error('the signature of the request is wrong')
    return csr.extensions.filter(isNames).flatMap(({ names }) => names.toJSON().map(({ value }) => value))
  }

  /** A certificate for what a request asks for: PEM, the root behind it. Milliseconds from now and until now. */
  async issue(request: Buffer, { lifetime = 90 * DAY, age = 1000 } = {}): Promise<string> {
    const csr = new x509.Pkcs10CertificateRequest(new Uint8Array(request))
    const leaf = await x509.X509CertificateGenerator.create({
      serialNumber: (++this.#serial).toString(16).padStart(4, '0'),
      issuer: this.#root.subject,
      notBefore: new Date(Date.now() - age),
      notAfter: new Date(Date.now() + lifetime),
      publicKey: csr.publicKey,
      signingKey: this.#keys.privateKey,
      signingAlgorithm: SIGNING,
      extensions: csr.extensions.filter(isNames),
    })
    return `${leaf.toString('pem')}\n${this.root}\n`
  }
}

function isNames(extension: x509.Extension): extension is x509.SubjectAlternativeNameExtension {
  return extension instanceof x509.SubjectAlternativeNameExtension
}
