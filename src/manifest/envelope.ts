/** Bytes of a manifest in its envelope: what is larger is not read. */
export const MAX_MANIFEST = 64 * 1024 * 1024

/**
 * A manifest as it lies in a file is the canonical JSON (RFC 8785) of `{key, manifest, signature}`. That fixes every byte
 * around the signed ones, so that they can be found, and the signature checked, before anything is parsed.
 */
export interface Envelope {
  /** `ed25519:…`. */
  readonly publicKey: string
  /** The canonical JSON of the manifest. */
  readonly signed: Buffer
  readonly signature: Buffer
}

const [KEY, SIGNATURE] = [51, 86]
const HEAD = /^\{"key":"(ed25519:[A-Za-z0-9_-]{43})","manifest":$/
const TAIL = /^,"signature":"([A-Za-z0-9_-]{85}[AQgw])"\}$/
const HEAD_LENGTH = '{"key":"","manifest":'.length + KEY
const TAIL_LENGTH = ',"signature":""}'.length + SIGNATURE

/** null: these bytes are no envelope. A line feed at the end is no part of it. */
export function openEnvelope(bytes: Uint8Array): Envelope | null {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = all.at(-1) === 10 ? all.length - 1 : all.length
  if (end < HEAD_LENGTH + TAIL_LENGTH) return null
  const publicKey = HEAD.exec(all.toString('latin1', 0, HEAD_LENGTH))?.[1]
  const signature = TAIL.exec(all.toString('latin1', end - TAIL_LENGTH, end))?.[1]
  if (publicKey === undefined || signature === undefined) return null
  const signed = all.subarray(HEAD_LENGTH, end - TAIL_LENGTH)
  return { publicKey, signed, signature: Buffer.from(signature, 'base64url') }
}

/** The bytes of a file, which ends with a line feed. */
export function sealEnvelope({ publicKey, signed, signature }: Envelope): Buffer {
  const head = `{"key":"${publicKey}","manifest":`
  const tail = `,"signature":"${signature.toString('base64url')}"}\n`
  return Buffer.concat([Buffer.from(head), signed, Buffer.from(tail)])
}
