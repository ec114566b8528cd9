import type { NamedFile } from '../compile.ts'
import type { Config } from '../schema/index.ts'
import type { Listener } from '../snapshot.ts'
import { fileOf } from './file-of.ts'

type Configs = Config['listen']

export function compileListeners(configs: Configs, files: ReadonlyMap<string, NamedFile>): Listener[] {
  const secure = configs.find(({ tls }) => tls !== null)
  // A port that the system chooses is not known here.
  const httpsPort = secure?.address.port || HTTPS
  return configs.map(({ address, https_redirect: redirect, tls, h2c, proxy_protocol: proxyProtocol }) => {
    const httpsRedirect = redirect ? httpsPort : null
    return { ...address, httpsRedirect, tls: tls === null ? null : compileTls(tls, files), h2c, proxyProtocol }
  })
}

const HTTPS = 443

function compileTls(
  { certificates, acme }: NonNullable<Configs[number]['tls']>,
  files: ReadonlyMap<string, NamedFile>,
) {
  const text = (name: string) => fileOf(name, files).text
  return {
    certificates: certificates.map(({ cert_file, key_file }) => ({ cert: text(cert_file), key: text(key_file) })),
    acme: acme !== null,
  }
}
