import { suite } from '../helpers/suite.ts'

await suite('cache/**/*', 'compression/*', 'purging/**/*', 'scenarios/{cache,compression,purge}*')
