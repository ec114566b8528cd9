import { suite } from '../helpers/suite.ts'

await suite('delivery/**/*', 'gateway/*', 'health/*', 'observe/*')
