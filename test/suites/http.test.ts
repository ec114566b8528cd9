import { suite } from '../helpers/suite.ts'

await suite('http/**/*')
