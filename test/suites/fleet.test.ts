import { suite } from '../helpers/suite.ts'

await suite('workers/*', 'scenarios/workers*')
