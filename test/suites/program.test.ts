import { suite } from '../helpers/suite.ts'

await suite('*', 'commands/*', 'dashboards/*', 'helpers/*')
