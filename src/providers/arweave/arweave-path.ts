import { isTransactionId } from './base64url.ts'

/** `/{id}` or `/{id}/path` of a request target, without its query; null: it names no transaction. */
export function parseArweavePath(path: string): { readonly id: string; readonly path: string } | null {
  const id = path.slice(1, 44)
  const rest = path.slice(44)
  if (path[0] !== '/' || !isTransactionId(id) || (rest !== '' && rest[0] !== '/')) return null
  return { id, path: rest }
}
