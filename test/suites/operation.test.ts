import { suite } from '../helpers/suite.ts'

await suite('scenarios/{handover,drain,demo,reload,steady,costs,cdn-drain}')
