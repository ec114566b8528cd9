import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder } from '../state/make-folder.ts'
import { readPrivateFile, writePrivateFile } from '../state/private-file.ts'
import { type IssuedCertificate, readCertificate } from './certificate.ts'

export interface CertificateStoreOptions {
  /** The folder of one directory, an absolute path. It is made where it does not exist. */
  readonly folder: string
  /** Distinguishes this gateway from others that share the folder. */
  readonly owner: string
  /** A file is there and cannot be used; what it held counts as missing. */
  onDamaged(path: string, error: unknown): void
}

/** RFC 8555 section 8.3: base64url. Nothing else becomes part of a path. */
const TOKEN = /^[A-Za-z0-9_-]{1,128}$/
const NAME = /^[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?$/
const CERTIFICATE = '-----BEGIN CERTIFICATE-----'

/**
 * What must survive a restart and is shared by gateways: the account's key, certificates with their keys, and the answers
 * to challenges that are under way. A certificate and its key are one file, so that nobody ever reads half a pair.
 */
export class CertificateStore {
  readonly #options: CertificateStoreOptions

  constructor(options: CertificateStoreOptions) {
    this.#options = options
  }

  /** Makes the folder, for the lock. */
  async prepare(): Promise<void> {
    await makeFolder(this.#options.folder)
  }

  /** The key that the account belongs to, a new one the first time. PEM. Call it with the lock. */
  async accountKey(): Promise<string> {
    const path = join(this.#options.folder, 'account.pem')
    const known = await this.#read(path)
    if (known !== null && isKey(known)) return known
    if (known !== null) this.#options.onDamaged(path, new TypeError('this is no private key'))
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
    await this.#write(path, key)
    return key
  }

  /** null where there is none that can be used. */
  async certificate(name: string): Promise<IssuedCertificate | null> {
    const path = this.#certificatePath(name)
    const text = await this.#read(path)
    if (text === null) return null
    const chain = text.indexOf(CERTIFICATE)
    const certificate = chain > 0 ? readCertificate(name, text.slice(chain), text.slice(0, chain)) : null
    if (certificate === null)
      this.#options.onDamaged(path, new TypeError('this is no certificate of that name and its key'))
    return certificate
  }

  async save(name: string, { cert, key }: IssuedCertificate): Promise<void> {
    await this.#write(this.#certificatePath(name), `${key.trimEnd()}\n${cert}`)
  }

  async publish(token: string, keyAuthorization: string): Promise<void> {
    await this.#write(challengePath(this.#options.folder, token), keyAuthorization)
  }

  async withdraw(token: string): Promise<void> {
    await rm(challengePath(this.#options.folder, token), { force: true })
  }

  /** What an earlier holder of the lock could not take away any more. Call it with the lock. */
  async withdrawAll(): Promise<void> {
    const folder = join(this.#options.folder, 'challenges')
    await rm(folder, { recursive: true, force: true })
    await makeFolder(folder)
  }

  #certificatePath(name: string): string {
    if (!NAME.test(name)) throw new TypeError('this is no host name')
    return join(this.#options.folder, 'certificates', `${name}.pem`)
  }

  async #read(path: string): Promise<string | null> {
    try {
      return await readPrivateFile(path)
    } catch (error) {
      this.#options.onDamaged(path, error)
      return null
    }
  }

  #write(path: string, contents: string): Promise<void> {
    return writePrivateFile(path, contents, this.#options.owner)
  }
}

/** The answer to a challenge that any gateway that shares the folder may have got; null where there is none. */
export async function readChallenge(folder: string, token: string): Promise<string | null> {
  if (!TOKEN.test(token)) return null
  const text = await readPrivateFile(challengePath(folder, token)).catch(() => null)
  // RFC 8555 section 8.1: the token, a dot and the thumbprint of the account's key.
  return text?.startsWith(`${token}.`) ? text : null
}

function challengePath(folder: string, token: string): string {
  if (!TOKEN.test(token)) throw new TypeError('this is no token')
  return join(folder, 'challenges', token)
}

function isKey(text: string): boolean {
  try {
    return createPrivateKey(text).type === 'private'
  } catch {
    return false
  }
}
