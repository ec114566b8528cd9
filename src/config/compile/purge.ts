import { PURGE_APIS } from '../../purging/apis/index.ts'
import type { PurgeApi } from '../../purging/apis/purge-api.ts'
import type { NamedFile } from '../compile.ts'
import type { CdnConfig } from './cdn.ts'
import { fileOf } from './file-of.ts'

type PurgeConfig = NonNullable<CdnConfig['purge']>

/** Keys are read once, here. */
export function compilePurge(config: PurgeConfig, files: ReadonlyMap<string, NamedFile>): PurgeApi {
  switch (config.api) {
    case 'cloudfront': {
      const { access_key_id: accessKeyId, secret_access_key: secretAccessKey, session_token: token } = config
      return PURGE_APIS.cloudfront({ ...config, accessKeyId, secretAccessKey, sessionToken: token ?? null })
    }
    case 'cloudflare':
      return PURGE_APIS.cloudflare(config)
    case 'fastly':
      return PURGE_APIS.fastly(config)
    case 'bunny':
      return PURGE_APIS.bunny({ ...config, pullZone: config.pull_zone })
    case 'google': {
      const { url_map: urlMap, key_file: keyFile } = config
      return PURGE_APIS.google({
        ...config,
        urlMap,
        serviceAccount: keyFile === null ? null : fileOf(keyFile, files).text,
      })
    }
    case 'azure': {
      const { resource_group: resourceGroup, afd_endpoint: afdEndpoint, login_endpoint: loginEndpoint } = config
      const { client_id: clientId, client_secret: clientSecret } = config
      return PURGE_APIS.azure({ ...config, resourceGroup, afdEndpoint, loginEndpoint, clientId, clientSecret })
    }
  }
}
