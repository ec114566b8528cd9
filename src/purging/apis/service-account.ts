import { createPrivateKey, sign } from 'node:crypto'
import { readTokenAnswer } from './oauth-token.ts'
import type { Login } from './purge-api.ts'

const SCOPE = 'https://www.googleapis.com/auth/cloud-platform'
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
/** Seconds. */
const LIFETIME = 3600

/**
 * A service account of Google signs a claim (RFC 7523) for an access token:
 * https://developers.google.com/identity/protocols/oauth2/service-account
 *
 * @param json its key, of which `serviceAccountProblem` says nothing
 */
export function createServiceAccountLogin(json: string): Login {
  const { client_email: iss, private_key: pem, private_key_id: kid, token_uri: aud } = JSON.parse(json)
  const key = createPrivateKey(pem)
  return {
    call: (now) => {
      const iat = Math.floor(now / 1000)
      const text = [
        { alg: 'RS256', typ: 'JWT', kid },
        { iss, scope: SCOPE, aud, iat, exp: iat + LIFETIME },
      ]
        .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
        .join('.')
      const assertion = `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`
      const body = new URLSearchParams({ grant_type: GRANT, assertion }).toString()
      return { method: 'POST', url: aud, headers: { 'content-type': 'application/x-www-form-urlencoded' }, body }
    },
    read: readTokenAnswer,
  }
}
