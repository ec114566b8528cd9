import { parseAddress } from '../../geo/address.ts'
import type { Coordinates } from '../../geo/place.ts'
import type { NamedFile } from '../compile.ts'
import type { Config } from '../schema/index.ts'
import type { Cdn, Endpoint, UpstreamTls } from '../snapshot.ts'
import type { UpstreamUrl } from '../values/upstream-url.ts'
import { fileOf } from './file-of.ts'

type TlsConfig = Config['cdns'][number]['tls']

/** What is dialled, before it is known whether another site dials the same. */
export interface EndpointSource {
  readonly cdn: Cdn | null
  readonly url: UpstreamUrl
  /** A name, `preserve`, or null for the URL's own host. */
  readonly hostHeader: string | null
  readonly pathTemplate: string
  readonly tls: TlsConfig
  readonly locations: readonly Coordinates[]
  readonly locationAuto: boolean
}

/** Makes endpoints, one for everything that is dialled in the same way: sites with equal ones share pool and health. */
export class EndpointPool {
  readonly #files: ReadonlyMap<string, NamedFile>
  readonly #byKey = new Map<string, Endpoint>()

  constructor(files: ReadonlyMap<string, NamedFile>) {
    this.#files = files
  }

  get all(): readonly Endpoint[] {
    return [...this.#byKey.values()]
  }

  add(source: EndpointSource): Endpoint {
    const { cdn, url, pathTemplate } = source
    const cdnName = cdn?.name ?? 'origin'
    const hostHeader = source.hostHeader === 'preserve' ? null : (source.hostHeader ?? url.host)
    const tls = url.secure ? this.#tls(source.tls, hostHeader) : null
    const base = url.origin + url.basePath
    const allowPrivate = cdn === null || cdn.trust || cdn.allowPrivate
    const parts = [cdnName, base, hostHeader ?? 'preserve', pathTemplate, ...this.#tlsKey(source.tls, tls)]
    const key = keyOf(allowPrivate ? parts : [...parts, 'public'])
    const known = this.#byKey.get(key)
    if (known !== undefined) return known
    const endpoint: Endpoint = {
      key,
      cdnName,
      cdn,
      url: url.url,
      origin: url.origin,
      basePath: url.basePath,
      pathTemplate,
      hostHeader,
      tls,
      locations: source.locations,
      locationAuto: source.locationAuto,
      allowPrivate,
    }
    this.#byKey.set(key, endpoint)
    return endpoint
  }

  #tls(config: TlsConfig, hostHeader: string | null): UpstreamTls {
    const { verify, ca_file: ca, client_certificate: client } = config
    const serverName = config.server_name ?? hostHeader
    return {
      serverName: serverName === null ? null : withoutPort(serverName),
      verify,
      ca: ca === null ? null : this.#file(ca).text,
      clientCertificate:
        client === null ? null : { cert: this.#file(client.cert_file).text, key: this.#file(client.key_file).text },
    }
  }

  #tlsKey(config: TlsConfig, tls: UpstreamTls | null): readonly string[] {
    if (tls === null) return []
    const { ca_file: ca, client_certificate: client } = config
    const named = [ca, client?.cert_file, client?.key_file].filter((path) => typeof path === 'string')
    const hashes = named.map((path) => this.#file(path).hash)
    return [tls.serverName ?? 'preserve', tls.verify ? 'verify' : 'insecure', ca === null ? '' : 'ca', ...hashes]
  }

  #file(path: string): NamedFile {
    return fileOf(path, this.#files)
  }
}

/** A bar in a part cannot be mistaken for the one between parts. */
function keyOf(parts: readonly string[]): string {
  return parts.map((part) => part.replaceAll('%', '%25').replaceAll('|', '%7C')).join('|')
}

/** The name of a Host header: certificates know no ports, and IPv6 there has no brackets. */
function withoutPort(host: string): string {
  if (parseAddress(host) !== null) return host
  return host.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
}
