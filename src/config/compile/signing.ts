import { SIGNERS } from '../../signing/index.ts'
import type { Signer } from '../../signing/signer.ts'
import type { NamedFile } from '../compile.ts'
import type { CdnConfig } from './cdn.ts'
import { fileOf } from './file-of.ts'

type SigningConfig = NonNullable<CdnConfig['signing']>

/** Keys are read once, here. */
export function compileSigning(config: SigningConfig, files: ReadonlyMap<string, NamedFile>): Signer {
  switch (config.type) {
    case 'cloudfront': {
      const { key_pair_id: keyPairId, key_file: keyFile, bind_ip: bindIp } = config
      return SIGNERS.cloudfront({ ...config, keyPairId, privateKey: fileOf(keyFile, files).text, bindIp })
    }
    case 'fastly':
      return SIGNERS.fastly(config)
    case 'bunny':
      return SIGNERS.bunny({ ...config, key: config.key.toString('latin1'), bindIp: config.bind_ip })
    case 'akamai':
      return SIGNERS.akamai({ ...config, salt: config.salt?.toString('latin1') ?? null, bindIp: config.bind_ip })
    case 'google':
      return SIGNERS.google({ ...config, keyName: config.key_name })
  }
}
