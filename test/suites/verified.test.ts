import { suite } from '../helpers/suite.ts'

await suite(
  'providers/**/*',
  'proofs/*',
  'manifest/*',
  'names/*',
  'scenarios/{verified*,proved*,deploy,explain-proofs}',
)
