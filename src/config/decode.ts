/** The text, or the number of bytes before the first one that is not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | { readonly validBytes: number } {
  const whole = tryDecode(bytes, false)
  if (whole !== null) return whole
  let valid = 0
  let invalid = bytes.length
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >> 1
    if (tryDecode(bytes.subarray(0, middle), true) === null) invalid = middle
    else valid = middle
  }
  return { validBytes: valid }
}

/** `open`: a character may be cut off at the end. */
function tryDecode(bytes: Uint8Array, open: boolean): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: open })
  } catch {
    return null
  }
}
