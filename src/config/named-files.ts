import type { Config } from './schema/index.ts'

/** A file that the configuration names, as it names it. */
export interface FileReference {
  readonly name: string
  /** The path of the value: `cdns[0].tls.ca_file`. */
  readonly path: string
  readonly kind: 'certificates' | 'key'
  /** The certificate that a key must belong to. */
  readonly certificate?: string
}

type Tls = Config['cdns'][number]['tls']

/** Every file whose contents become part of the Snapshot, once for each place that names it. */
export function namedFiles(config: Config): readonly FileReference[] {
  return [
    ...config.cdns.flatMap(({ tls }, index) => filesOf(tls, `cdns[${index}].tls`)),
    ...config.sites.flatMap(({ origin }, index) => (origin ? filesOf(origin.tls, `sites[${index}].origin.tls`) : [])),
  ]
}

function filesOf({ ca_file: ca, client_certificate: client }: Tls, path: string): FileReference[] {
  const files: FileReference[] = []
  if (ca !== null) files.push({ name: ca, path: `${path}.ca_file`, kind: 'certificates' })
  if (client !== null) {
    const { cert_file: certificate, key_file: key } = client
    files.push({ name: certificate, path: `${path}.client_certificate.cert_file`, kind: 'certificates' })
    files.push({ name: key, path: `${path}.client_certificate.key_file`, kind: 'key', certificate })
  }
  return files
}
